/** Digests and revision labels, each asked for no oftener than it can have changed (design §5). */
import { LRUCache } from 'lru-cache';
import type {
  Clock,
  DigestResult,
  ImageResult,
  ImageSource,
  NewEnough,
  RegistryClient,
  RevisionResult,
} from '../resolve/ports.ts';
import type { ImageReference, Platform } from '../resolve/types.ts';
import { bounded } from './bounded.ts';
import { createJoiner } from './joiner.ts';

/** An image's tag that can only ever mean one build is re-checked so often: it may have been deleted. */
const RECHECK_IMMUTABLE_AFTER = 3_600_000;
/**
 * A green build that pushed no image, as one that changed only documentation, must not be asked for on every poll for ever: the
 * longer its image has been absent, the less often, between `freshFor` and this.
 */
const RECHECK_ABSENT_AFTER = 300_000;
const ABSENT_AGE_DIVISOR = 10;
const MAX_IMAGES = 100_000;

export interface ImageCacheOptions {
  readonly client: RegistryClient;
  /** Throws an error with one clear line. */
  readonly parseReference: (text: string) => ImageReference;
  /** Milliseconds for which the answer about a tag that can move, or about an absent image, is good enough. */
  readonly freshFor: number;
  readonly now: Clock;
}

interface Kept {
  readonly result: Exclude<DigestResult, { kind: 'failed' }>;
  readonly askedAt: number;
  /** From when on the registry has given this kind of answer without a break. */
  readonly since: number;
}

interface Question {
  readonly key: string;
  readonly reference: ImageReference;
  readonly platform: Platform | undefined;
  readonly notBefore: number;
  readonly immutable: boolean;
}

interface Asked {
  readonly result: DigestResult;
  readonly askedAt: number;
}

export function createImageCache({ client, parseReference, freshFor, now }: ImageCacheOptions): ImageSource {
  const digests = new LRUCache<string, Kept>(bounded(MAX_IMAGES));
  const revisions = new LRUCache<string, { revisions: readonly string[] }>(bounded(MAX_IMAGES));
  const join = createJoiner();

  /**
   * The call in flight may be older than the build: then one more is made, for all who ask for that build. What began after this
   * call is new enough, whatever the clock of CI says.
   */
  async function askDigest(question: Question): Promise<Asked> {
    const { key, notBefore } = question;
    const oldest = Math.min(notBefore, now());
    const asked = await joinDigest(key, question);
    if (asked.result.kind === 'failed' || asked.askedAt >= oldest) return asked;
    return joinDigest(`${key} since ${notBefore}`, question);
  }

  function joinDigest(call: string, question: Question): Promise<Asked> {
    const { key, reference, platform, notBefore, immutable } = question;
    return join(call, async () => {
      const startedAt = now();
      const before = digests.get(key);
      const result = await client.resolveDigest(reference, platform, newEnough(before, immutable, notBefore));
      const askedAt = result.kind === 'failed' ? startedAt : (result.asOf ?? startedAt);
      if (result.kind !== 'failed') {
        const same = before?.result.kind === result.kind && before.since >= notBefore;
        const since = same ? before.since : askedAt;
        digests.set(key, { result, askedAt, since });
      }
      return { result, askedAt };
    });
  }

  /** A negative age is none: the clock was set back. */
  function isYounger(askedAt: number, milliseconds: number): boolean {
    const age = now() - askedAt;
    return age >= 0 && age < milliseconds;
  }

  /** Milliseconds for which what is kept need not be asked again. */
  function goodFor({ result, askedAt, since }: Kept, immutable: boolean): number {
    if (!immutable) return freshFor;
    if (result.kind === 'found') return RECHECK_IMMUTABLE_AFTER;
    const stretched = Math.max(freshFor, (askedAt - since) / ABSENT_AGE_DIVISOR);
    return Math.min(stretched, Math.max(freshFor, RECHECK_ABSENT_AFTER));
  }

  /** Another replica's answer will do where an own one as old would, and is news. */
  function newEnough(before: Kept | undefined, immutable: boolean, notBefore: number): NewEnough {
    const least = Math.max(notBefore, before === undefined ? -Infinity : before.askedAt + 1);
    const absentFor = before?.result.kind === 'absent' ? goodFor(before, immutable) : freshFor;
    return {
      found: Math.max(least, now() - (immutable ? RECHECK_IMMUTABLE_AFTER : freshFor) + 1),
      absent: Math.max(least, now() - absentFor + 1),
    };
  }

  return {
    async readDigest(text, { immutable, platform, notBefore = 0 }): Promise<ImageResult> {
      const reference = parse(text, parseReference);
      if ('kind' in reference) return reference;
      const key = `digest ${text} ${platformKey(platform)}`;
      const kept = digests.get(key);
      const current =
        kept !== undefined && kept.askedAt >= notBefore && isYounger(kept.askedAt, goodFor(kept, immutable))
          ? kept
          : await askDigest({ key, reference, platform, notBefore, immutable });
      return describe(reference, current.result, immutable ? null : current.askedAt);
    },

    async readRevision(text, platform): Promise<RevisionResult> {
      const reference = parseReference(text);
      const key = `revision ${text} ${platformKey(platform)}`;
      const kept = revisions.get(key);
      if (kept !== undefined) return { kind: 'found', ...kept };
      return join(key, async () => {
        const result = await client.resolveRevision(reference, platform);
        if (result.kind === 'found') revisions.set(key, { revisions: result.revisions });
        return result;
      });
    },
  };
}

function parse(
  text: string,
  parseReference: (text: string) => ImageReference,
): ImageReference | { kind: 'invalid'; reason: string } {
  try {
    return parseReference(text);
  } catch (error) {
    return { kind: 'invalid', reason: error instanceof Error ? error.message : String(error) };
  }
}

function describe(reference: ImageReference, result: DigestResult, asOf: number | null): ImageResult {
  if (result.kind !== 'found') return result;
  const { registry, path, tag } = reference;
  return {
    kind: 'found',
    repository: `${registry}/${path}`,
    tag: tag ?? '',
    digest: result.digest,
    asOf,
  };
}

function platformKey(platform: Platform | undefined): string {
  return platform === undefined ? '' : `${platform.os}/${platform.architecture}/${platform.variant ?? ''}`;
}
