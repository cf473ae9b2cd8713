/** From an index to one platform's image. */
import { LRUCache } from 'lru-cache';
import { fetchBlob, fetchManifest, type FoundManifest } from './fetch.ts';
import { parseIndex, parsePlatformOf, selectCandidates, type Candidate } from './index-entries.ts';
import { parseJsonObject } from '../json.ts';
import {
  InvalidManifest,
  isImage,
  isIndexType,
  MAX_CONFIG_BYTES,
  parseConfigDigest,
  type Manifest,
} from './manifest.ts';
import { rankPlatform } from './match-platform.ts';
import { imageRepository } from '../../image/reference.ts';
import { absent, type Absent, type Target } from './target.ts';
import type { Platform } from '../../image/image.ts';
import { formatPlatform } from '../../image/platform.ts';

export type FoundImage = Omit<FoundManifest, 'manifest'> & {
  /** Left out where the index has told all. */
  readonly manifest?: Manifest;
  /** Those on the way to it, the outermost first. */
  readonly indexes: readonly Manifest[];
};

export interface Wanted {
  readonly target: Target;
  /** Normalized; undefined: the first real image. */
  readonly platform: Platform | undefined;
}

export interface PlatformResolver {
  /**
   * @param selector a tag or a digest
   * @throws UpstreamError, InvalidManifest
   */
  resolvePlatform(selector: string, wanted: Wanted): Promise<FoundImage | Absent>;
  /** The same, and the image's manifest in any case. */
  readImage(selector: string, wanted: Wanted): Promise<ReadImage | Absent>;
}

type ReadImage = FoundImage & Required<Pick<FoundImage, 'manifest'>>;

/** What a manifest has been found to be; its digest vouches for it, so that it stays so. `platform`: as its configuration says. */
type Verdict = { readonly kind: 'artifact' } | { readonly kind: 'image'; readonly platform?: Platform };

interface Search extends Wanted {
  /** Manifests are read, whatever is known of them. */
  readonly read: boolean;
}

interface Match {
  readonly kind: 'match';
  readonly image: FoundImage;
  /** How well it fits; 0: it is what was asked for. */
  readonly rank: number;
}

/** What may still be opened on one level. */
interface Budget {
  nested: number;
  untold: number;
}

const MAX_DEPTH = 3;
/** Nested indexes that are looked into on each level: an index must not be able to cost any number of requests. */
const MAX_NESTED = 4;
/** Manifests that are read on each level, since their index does not tell what they are. */
const MAX_UNTOLD = 8;
const MAX_VERDICTS = 10_000;
/** What an image is for that does not say it, as for ggcr. */
const LINUX_AMD64: Platform = { os: 'linux', architecture: 'amd64' };

export function createPlatformResolver(): PlatformResolver {
  const verdicts = new LRUCache<string, Verdict>({ max: MAX_VERDICTS });

  async function resolve(selector: string, wanted: Search): Promise<FoundImage | Absent> {
    const { target, platform } = wanted;
    const answer = await fetchManifest(target, selector);
    if (answer.kind === 'absent') return answer;
    // Not an index: the image was built for one platform, and that is what its author has to offer. It is taken as it is, as by crane.
    if (!isIndexType(answer.mediaType)) return asImage(target, answer);
    const best = await searchIndex(answer.manifest, wanted, 1);
    if (best?.kind === 'match') return best.image;
    if (best !== undefined) return best;
    return absent(
      target,
      platform === undefined ? 'holds no image' : `holds no image for ${formatPlatform(platform)}`,
    );
  }

  /** @returns the best match; `absent` when what the index names is not there; undefined when nothing fits */
  async function searchIndex(
    index: Manifest,
    wanted: Search,
    depth: number,
  ): Promise<Match | Absent | undefined> {
    const { entries, mixed } = parseIndex(index);
    const candidates = selectCandidates(entries, wanted.platform);
    const isTold = createIsTold(candidates, mixed);
    const budget: Budget = { nested: MAX_NESTED, untold: MAX_UNTOLD };
    let best: Match | undefined;
    for (const candidate of candidates) {
      if (best !== undefined && best.rank <= candidate.rank) continue;
      const match = isIndexType(candidate.mediaType)
        ? await searchNested(candidate, wanted, depth, budget)
        : isTold(candidate) && !wanted.read
          ? matchOf(candidate, candidate.rank)
          : await readCandidate(candidate, wanted, budget);
      if (match?.kind === 'absent') return match;
      if (match !== undefined && (best === undefined || match.rank < best.rank)) best = match;
    }
    return best && { ...best, image: { ...best.image, indexes: [index, ...best.image.indexes] } };
  }

  async function searchNested(
    { digest }: Candidate,
    wanted: Search,
    depth: number,
    budget: Budget,
  ): Promise<Match | Absent | undefined> {
    if (budget.nested-- === 0) throw new InvalidManifest(`nests more than ${MAX_NESTED} indexes in one`);
    const answer = await fetchManifest(wanted.target, digest);
    if (answer.kind === 'absent') return answer;
    if (!isIndexType(answer.mediaType)) throw otherType();
    if (depth === MAX_DEPTH) throw new InvalidManifest('nests its indexes too deeply');
    return searchIndex(answer.manifest, wanted, depth + 1);
  }

  /** Looks whether it is an image, and for which platform, where the index does not say it. */
  async function readCandidate(
    candidate: Candidate,
    wanted: Search,
    budget: Budget,
  ): Promise<Match | Absent | undefined> {
    const { target, platform, read } = wanted;
    const asked = candidate.platform === undefined ? platform : undefined;
    const key = `${imageRepository(target.reference)}@${candidate.digest}`;
    let verdict = verdicts.get(key);
    let manifest: Manifest | undefined;
    if (verdict === undefined || (verdict.kind === 'image' && (read || (asked && !verdict.platform)))) {
      if (budget.untold-- === 0)
        throw new InvalidManifest(`holds more than ${MAX_UNTOLD} manifests and does not say what they are`);
      const answer = await fetchManifest(target, candidate.digest);
      if (answer.kind === 'absent') return answer;
      if (isIndexType(answer.mediaType)) throw otherType();
      ({ manifest } = answer);
      verdict = await judge(target, manifest, asked !== undefined);
      verdicts.set(key, verdict);
    }
    if (verdict.kind === 'artifact') return undefined;
    const rank = asked === undefined ? candidate.rank : rankPlatform(asked, verdict.platform ?? LINUX_AMD64);
    return rank === undefined ? undefined : matchOf(candidate, rank, manifest);
  }

  return {
    resolvePlatform: (selector, wanted) => resolve(selector, { ...wanted, read: false }),
    readImage: (selector, wanted) =>
      resolve(selector, { ...wanted, read: true }) as Promise<ReadImage | Absent>,
  };
}

function asImage(target: Target, answer: FoundManifest): FoundImage | Absent {
  return isImage(answer.manifest) ? { ...answer, indexes: [] } : noImage(target);
}

function noImage(target: Target): Absent {
  return absent(target, 'is no image, but another artifact');
}

/**
 * @returns whether the index's word of a candidate will do: it names the platform, calls only one thing so, and has no artifacts among its
 *   images. Its entries are gone through once, since there may be ten thousand.
 */
function createIsTold(candidates: readonly Candidate[], mixed: boolean): (candidate: Candidate) => boolean {
  const digests = new Map<string, Set<string>>();
  for (const { digest, platform } of candidates) {
    if (platform === undefined) continue;
    const name = formatPlatform(platform);
    digests.set(name, (digests.get(name) ?? new Set()).add(digest));
  }
  return ({ platform }) =>
    !mixed && platform !== undefined && digests.get(formatPlatform(platform))?.size === 1;
}

function matchOf({ digest, mediaType }: Candidate, rank: number, manifest?: Manifest): Match {
  return {
    kind: 'match',
    rank,
    image: { kind: 'found', digest, mediaType, indexes: [], ...(manifest && { manifest }) },
  };
}

/**
 * Whatever its platforms.
 * @returns absent for what is certainly no image
 */
export async function resolveWhole(target: Target, selector: string): Promise<FoundManifest | Absent> {
  const answer = await fetchManifest(target, selector);
  if (answer.kind === 'absent') return answer;
  if (isIndexType(answer.mediaType))
    return parseIndex(answer.manifest).entries.length === 0 ? absent(target, 'holds no image') : answer;
  return isImage(answer.manifest) ? answer : noImage(target);
}

async function judge(target: Target, manifest: Manifest, withPlatform: boolean): Promise<Verdict> {
  if (!isImage(manifest)) return { kind: 'artifact' };
  if (!withPlatform) return { kind: 'image' };
  const config = await fetchBlob(target, parseConfigDigest(manifest), MAX_CONFIG_BYTES);
  return { kind: 'image', platform: parsePlatformOf(parseJsonObject(config)) ?? LINUX_AMD64 };
}

function otherType(): InvalidManifest {
  return new InvalidManifest('has an index that says another type than its entry');
}
