/** Caches digests and revision labels, and queries each no more often than it can have changed. */
import { isWithin, type Clock } from '../clock.ts';
import type { Digest, ImageReference, Platform } from '../image/image.ts';
import { formatPlatform } from '../image/platform.ts';
import { imageRepository, parseReference } from '../image/reference.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { SingleFlight } from '../resilience/single-flight.ts';
import { SETTLES_WITHIN } from '../resolve/image-ownership.ts';
import type { ImageResult, ImageSource, RevisionResult } from '../resolve/ports.ts';
import type { DigestResult, NewEnough, RegistryClient } from './registry-client.ts';

/** Even an immutable tag is checked again, since its image may have been deleted. */
const RECHECK_IMMUTABLE_AFTER = 3_600_000;
/**
 * A green build that pushed no image (a change to documentation only) must not cost a request at every poll
 * forever. The longer its image has been absent, the longer the interval between checks, up to this one.
 */
const RECHECK_ABSENT_AFTER = 300_000;
const ABSENT_AGE_DIVISOR = 10;
const MAX_IMAGES = 100_000;

export interface DigestCacheOptions {
  readonly client: RegistryClient;
  /** How long a result for a mutable tag or an absent image is fresh, in milliseconds. */
  readonly freshFor: number;
  readonly now: Clock;
}

interface Observed {
  readonly result: DigestResult;
  /** When the request began, milliseconds since the epoch. */
  readonly askedAt: number;
}

interface CachedDigest extends Observed {
  readonly result: Exclude<DigestResult, { kind: 'failed' }>;
  /** Since when the registry has consistently given this kind of answer. */
  readonly since: number;
  /** The tag's digest before it was pushed again; undefined if unknown. */
  readonly before: Digest | undefined;
}

interface DigestQuery {
  readonly key: string;
  readonly reference: ImageReference;
  readonly platform: Platform | undefined;
  readonly notBefore: number;
  readonly repushed: boolean;
  readonly immutable: boolean;
}

export class DigestCache implements ImageSource {
  readonly #options: DigestCacheOptions;
  readonly #digests = createBoundedCache<CachedDigest>(MAX_IMAGES);
  readonly #revisions = createBoundedCache<readonly string[]>(MAX_IMAGES);
  readonly #flights = new SingleFlight();

  constructor(options: DigestCacheOptions) {
    this.#options = options;
  }

  async readDigest(...[text, options]: Parameters<ImageSource['readDigest']>): Promise<ImageResult> {
    const { immutable, platform, notBefore = 0, repushed = false } = options;
    const reference = parse(text);
    if ('kind' in reference) return reference;
    const key = toKey('digest', text, platform);
    const query: DigestQuery = { key, reference, platform, notBefore, repushed, immutable };
    const cached = this.#digests.get(key);
    const isGood =
      cached !== undefined &&
      cached.askedAt >= notBefore &&
      isWithin(this.#options.now(), cached.askedAt, this.#goodFor(cached, query));
    return toImageResult(reference, isGood ? cached : await this.#fetchDigest(query), immutable);
  }

  repositoryOf(text: string): string | undefined {
    const reference = parse(text);
    return 'kind' in reference ? undefined : imageRepository(reference);
  }

  async readRevision(text: string, platform?: Platform): Promise<RevisionResult> {
    const { client } = this.#options;
    const reference = parseReference(text);
    const key = toKey('revision', text, platform);
    const revisions = this.#revisions.get(key);
    if (revisions !== undefined) return { kind: 'found', revisions };
    return this.#flights.do(key, async () => {
      const result = await client.resolveRevision(reference, platform);
      if (result.kind === 'found') this.#revisions.set(key, result.revisions);
      return result;
    });
  }

  /** An in-flight request may predate the end of the build. Then that build's callers share another one. */
  async #fetchDigest(query: DigestQuery): Promise<Observed> {
    const { key, notBefore } = query;
    const oldest = Math.min(notBefore, this.#options.now());
    const observed = await this.#fetchOnce(key, query);
    if (observed.result.kind === 'failed' || observed.askedAt >= oldest) return observed;
    return this.#fetchOnce(`${key} since ${notBefore}`, query);
  }

  #fetchOnce(flight: string, query: DigestQuery): Promise<Observed> {
    const { key, reference, platform, notBefore } = query;
    const { client, now } = this.#options;
    return this.#flights.do(flight, async () => {
      const startedAt = now();
      const last = this.#digests.get(key);
      const result = await client.resolveDigest(reference, platform, this.#newEnough(last, query));
      if (result.kind === 'failed') return { result, askedAt: startedAt };
      const askedAt = result.asOf ?? startedAt;
      const isSame = last?.result.kind === result.kind && last.since >= notBefore;
      const since = isSame ? last.since : askedAt;
      this.#digests.set(key, { result, askedAt, since, before: digestBefore(last, notBefore) });
      return { result, askedAt };
    });
  }

  /** @returns how long the cached result need not be checked again, in milliseconds */
  #goodFor(cached: CachedDigest, { immutable, repushed, notBefore }: DigestQuery): number {
    const { result, askedAt, since, before } = cached;
    const { freshFor } = this.#options;
    if (!immutable) return freshFor;
    if (result.kind === 'found') {
      const isSettled = !repushed || askedAt - notBefore >= SETTLES_WITHIN;
      const hasChanged = before !== undefined && before !== result.digest;
      return isSettled || hasChanged ? RECHECK_IMMUTABLE_AFTER : freshFor;
    }
    const absentFor = Math.max(freshFor, (askedAt - since) / ABSENT_AGE_DIVISOR);
    return Math.min(absentFor, Math.max(freshFor, RECHECK_ABSENT_AFTER));
  }

  /** Accepts another replica's result if it is newer than ours and one of our own as old would be fresh. */
  #newEnough(last: CachedDigest | undefined, query: DigestQuery): NewEnough {
    const { notBefore, immutable, repushed } = query;
    const { freshFor, now } = this.#options;
    const least = last === undefined ? notBefore : Math.max(notBefore, last.askedAt + 1);
    const absentFor = last?.result.kind === 'absent' ? this.#goodFor(last, query) : freshFor;
    const foundFor = immutable && !repushed ? RECHECK_IMMUTABLE_AFTER : freshFor;
    return {
      found: Math.max(least, now() - foundFor + 1),
      absent: Math.max(least, now() - absentFor + 1),
    };
  }
}

function parse(text: string): ImageReference | { kind: 'invalid'; reason: string } {
  try {
    return parseReference(text);
  } catch (error) {
    return { kind: 'invalid', reason: error instanceof Error ? error.message : String(error) };
  }
}

function toImageResult(
  reference: ImageReference,
  { result, askedAt }: Observed,
  immutable: boolean,
): ImageResult {
  if (result.kind !== 'found') return result;
  return {
    kind: 'found',
    repository: imageRepository(reference),
    tag: reference.tag ?? '',
    digest: result.digest,
    asOf: immutable ? null : askedAt,
    askedAt,
  };
}

/** The newest digest that was read before the tag was pushed again. */
function digestBefore(last: CachedDigest | undefined, notBefore: number): Digest | undefined {
  if (last === undefined || last.askedAt >= notBefore) return last?.before;
  return last.result.kind === 'found' ? last.result.digest : undefined;
}

function toKey(kind: string, text: string, platform: Platform | undefined): string {
  return `${kind} ${text} ${platform === undefined ? '' : formatPlatform(platform)}`;
}
