/** Resolves an index to the image of one platform. */
import { createBoundedCache } from '../../resilience/bounded-cache.ts';
import { fetchConfig, fetchManifest, type FoundManifest } from './fetch.ts';
import { parseImagePlatform, parseIndex, selectCandidates, type Candidate } from './index-entries.ts';
import { parseJsonObject } from '../json.ts';
import { InvalidManifest, isImage, isIndexType, type Manifest } from './manifest.ts';
import { rankPlatform } from './match-platform.ts';
import { imageRepository } from '../../image/reference.ts';
import { absent, type Absent, type Target } from './absence.ts';
import type { Platform } from '../../image/image.ts';
import { formatPlatform } from '../../image/platform.ts';

export type FoundImage = Omit<FoundManifest, 'manifest'> & {
  /** Undefined if the index alone was sufficient. */
  readonly manifest?: Manifest | undefined;
  /** The indexes that lead to it, outermost first. */
  readonly indexes: readonly Manifest[];
};

type ReadImage = FoundImage & { readonly manifest: Manifest };

/** A manifest's content, which its digest fixes. `platform` is the one in the configuration. */
type Content = { readonly kind: 'artifact' } | { readonly kind: 'image'; readonly platform?: Platform };

interface Search {
  readonly target: Target;
  /** Undefined for the first image. */
  readonly platform: Platform | undefined;
  /** Whether to read the image's manifest even if the index suffices. */
  readonly read: boolean;
}

interface Match {
  readonly kind: 'match';
  readonly image: FoundImage;
  /** See `Candidate.rank`. */
  readonly rank: number;
}

/** Fetches left on one level, since an index must not cost an unlimited number of requests. */
interface Budget {
  nested: number;
  unlabelled: number;
}

const MAX_DEPTH = 3;
/** Nested indexes fetched per level. */
const MAX_NESTED = 4;
/** Manifests fetched per level because their index does not describe them. */
const MAX_UNLABELLED = 8;
const MAX_CONTENTS = 10_000;
/** The platform of an image that names none, as in ggcr. */
const LINUX_AMD64: Platform = { os: 'linux', architecture: 'amd64' };

export class PlatformResolver {
  readonly #contents = createBoundedCache<Content>(MAX_CONTENTS);

  /**
   * @param selector a tag or a digest
   * @throws UpstreamError, InvalidManifest
   */
  resolvePlatform(selector: string, target: Target, platform: Platform): Promise<FoundImage | Absent> {
    return this.#resolve(selector, { target, platform, read: false });
  }

  /** Like `resolvePlatform`, but always reads the image's manifest. */
  readImage(selector: string, target: Target, platform: Platform | undefined): Promise<ReadImage | Absent> {
    return this.#resolve(selector, { target, platform, read: true }) as Promise<ReadImage | Absent>;
  }

  async #resolve(selector: string, search: Search): Promise<FoundImage | Absent> {
    const { target, platform } = search;
    const found = await fetchManifest(target, selector);
    if (found.kind === 'absent') return found;
    // Without an index there is only one platform. The image is used as is, as in crane.
    if (!isIndexType(found.mediaType)) {
      return isImage(found.manifest) ? { ...found, indexes: [] } : createArtifactResult(target);
    }
    const best = await this.#searchIndex(found.manifest, search, 1);
    if (best?.kind === 'match') return best.image;
    if (best !== undefined) return best;
    const suffix = platform === undefined ? '' : ` for ${formatPlatform(platform)}`;
    return absent(target, `contains no image${suffix}`);
  }

  /**
   * @returns the best match; `absent` if an entry of the index does not exist; undefined if nothing matches
   */
  async #searchIndex(index: Manifest, search: Search, depth: number): Promise<Match | Absent | undefined> {
    const { entries, hasArtifacts } = parseIndex(index);
    const candidates = selectCandidates(entries, search.platform);
    const isReliable = createReliabilityCheck(candidates, hasArtifacts);
    const budget: Budget = { nested: MAX_NESTED, unlabelled: MAX_UNLABELLED };
    let best: Match | undefined;
    for (const candidate of candidates) {
      if (best !== undefined && best.rank <= candidate.rank) continue;
      const match = isIndexType(candidate.mediaType)
        ? await this.#searchNested(candidate, search, depth, budget)
        : isReliable(candidate) && !search.read
          ? createMatch(candidate, candidate.rank)
          : await this.#readCandidate(candidate, search, budget);
      if (match?.kind === 'absent') return match;
      if (match !== undefined && (best === undefined || match.rank < best.rank)) best = match;
    }
    return best && { ...best, image: { ...best.image, indexes: [index, ...best.image.indexes] } };
  }

  async #searchNested(
    { digest }: Candidate,
    search: Search,
    depth: number,
    budget: Budget,
  ): Promise<Match | Absent | undefined> {
    if (budget.nested-- === 0) throw new InvalidManifest(`has an index with more than ${MAX_NESTED} indexes`);
    const found = await fetchManifest(search.target, digest);
    if (found.kind === 'absent') return found;
    if (!isIndexType(found.mediaType)) throw createTypeMismatch();
    if (depth === MAX_DEPTH) throw new InvalidManifest('nests indexes too deeply');
    return this.#searchIndex(found.manifest, search, depth + 1);
  }

  /** Determines whether a candidate is an image, and for which platform if the index does not name one. */
  async #readCandidate(
    candidate: Candidate,
    { target, platform, read }: Search,
    budget: Budget,
  ): Promise<Match | Absent | undefined> {
    const unmatched = candidate.platform === undefined ? platform : undefined;
    const key = `${imageRepository(target.reference)}@${candidate.digest}`;
    let content = this.#contents.get(key);
    let manifest: Manifest | undefined;
    if (content === undefined || (content.kind === 'image' && (read || (unmatched && !content.platform)))) {
      if (budget.unlabelled-- === 0)
        throw new InvalidManifest(`has an index with more than ${MAX_UNLABELLED} undescribed manifests`);
      const found = await fetchManifest(target, candidate.digest);
      if (found.kind === 'absent') return found;
      if (isIndexType(found.mediaType)) throw createTypeMismatch();
      ({ manifest } = found);
      content = await classify(target, manifest, unmatched !== undefined);
      this.#contents.set(key, content);
    }
    if (content.kind === 'artifact') return undefined;
    const rank =
      unmatched === undefined ? candidate.rank : rankPlatform(unmatched, content.platform ?? LINUX_AMD64);
    return rank === undefined ? undefined : createMatch(candidate, rank, manifest);
  }
}

/**
 * Resolves an index as a whole, whatever its platforms.
 * @returns absent if it certainly contains no image
 */
export async function resolveWhole(target: Target, selector: string): Promise<FoundManifest | Absent> {
  const found = await fetchManifest(target, selector);
  if (found.kind === 'absent') return found;
  if (isIndexType(found.mediaType))
    return parseIndex(found.manifest).entries.length === 0 ? absent(target, 'contains no image') : found;
  return isImage(found.manifest) ? found : createArtifactResult(target);
}

function createArtifactResult(target: Target): Absent {
  return absent(target, 'is not an image but another artifact');
}

/**
 * @returns whether the index alone describes a candidate reliably: it names the platform, for one digest
 *   only, and contains no artifacts. Scans the candidates once, since there may be ten thousand.
 */
function createReliabilityCheck(
  candidates: readonly Candidate[],
  hasArtifacts: boolean,
): (candidate: Candidate) => boolean {
  const digests = new Map<string, Set<string>>();
  for (const { digest, platform } of candidates) {
    if (platform === undefined) continue;
    const name = formatPlatform(platform);
    digests.set(name, (digests.get(name) ?? new Set()).add(digest));
  }
  return ({ platform }) =>
    !hasArtifacts && platform !== undefined && digests.get(formatPlatform(platform))?.size === 1;
}

function createMatch({ digest, mediaType }: Candidate, rank: number, manifest?: Manifest): Match {
  return { kind: 'match', rank, image: { kind: 'found', digest, mediaType, indexes: [], manifest } };
}

async function classify(target: Target, manifest: Manifest, withPlatform: boolean): Promise<Content> {
  if (!isImage(manifest)) return { kind: 'artifact' };
  if (!withPlatform) return { kind: 'image' };
  const config = await fetchConfig(target, manifest);
  return { kind: 'image', platform: parseImagePlatform(parseJsonObject(config)) ?? LINUX_AMD64 };
}

function createTypeMismatch(): InvalidManifest {
  return new InvalidManifest('has an index entry of another type than its manifest');
}
