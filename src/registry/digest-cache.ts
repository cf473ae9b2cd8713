/** Digests and revision labels, each asked for no oftener than it can have changed (design §5). */
import { LRUCache } from 'lru-cache';
import type { ImageResult, ImageSource, RevisionResult } from '../resolve/ports.ts';
import { bounded } from '../resilience/bounded-cache.ts';
import { createJoiner } from '../resilience/single-flight.ts';
import { isWithin, type Clock } from '../clock.ts';
import type { Digest, ImageReference, Platform } from '../image/image.ts';
import type { DigestResult, NewEnough, RegistryClient } from './registry-client.ts';
import { SETTLES_WITHIN } from '../resolve/image-ownership.ts';

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
  /** The digest that the tag had before it was pushed anew; undefined: not known. */
  readonly before: Digest | undefined;
}

interface Question {
  readonly key: string;
  readonly reference: ImageReference;
  readonly platform: Platform | undefined;
  readonly notBefore: number;
  readonly repushed: boolean;
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

  /** The call in flight may be older than the build: then one more is made, for all who ask for that build. */
  async function askDigest(question: Question): Promise<Asked> {
    const { key, notBefore } = question;
    const oldest = Math.min(notBefore, now());
    const asked = await joinDigest(key, question);
    if (asked.result.kind === 'failed' || asked.askedAt >= oldest) return asked;
    return joinDigest(`${key} since ${notBefore}`, question);
  }

  function joinDigest(call: string, question: Question): Promise<Asked> {
    const { key, reference, platform, notBefore } = question;
    return join(call, async () => {
      const startedAt = now();
      const last = digests.get(key);
      const result = await client.resolveDigest(reference, platform, newEnough(last, question));
      const askedAt = result.kind === 'failed' ? startedAt : (result.asOf ?? startedAt);
      if (result.kind !== 'failed') {
        const same = last?.result.kind === result.kind && last.since >= notBefore;
        const since = same ? last.since : askedAt;
        digests.set(key, { result, askedAt, since, before: digestBefore(last, notBefore) });
      }
      return { result, askedAt };
    });
  }

  /** Milliseconds for which what is kept need not be asked again. */
  function goodFor(kept: Kept, { immutable, repushed, notBefore }: Question): number {
    const { result, askedAt, since, before } = kept;
    if (!immutable) return freshFor;
    if (result.kind === 'found') {
      const isSettled = !repushed || askedAt - notBefore >= SETTLES_WITHIN;
      const hasChanged = before !== undefined && before !== result.digest;
      return isSettled || hasChanged ? RECHECK_IMMUTABLE_AFTER : freshFor;
    }
    const stretched = Math.max(freshFor, (askedAt - since) / ABSENT_AGE_DIVISOR);
    return Math.min(stretched, Math.max(freshFor, RECHECK_ABSENT_AFTER));
  }

  /** Another replica's answer will do where an own one as old would, and is news. */
  function newEnough(last: Kept | undefined, question: Question): NewEnough {
    const { notBefore, immutable } = question;
    const least = Math.max(notBefore, last === undefined ? -Infinity : last.askedAt + 1);
    const absentFor = last?.result.kind === 'absent' ? goodFor(last, question) : freshFor;
    const foundFor = immutable && !question.repushed ? RECHECK_IMMUTABLE_AFTER : freshFor;
    return {
      found: Math.max(least, now() - foundFor + 1),
      absent: Math.max(least, now() - absentFor + 1),
    };
  }

  return {
    async readDigest(text, options): Promise<ImageResult> {
      const { immutable, platform, notBefore = 0, repushed = false } = options;
      const reference = parse(text, parseReference);
      if ('kind' in reference) return reference;
      const key = `digest ${text} ${platformKey(platform)}`;
      const question: Question = { key, reference, platform, notBefore, repushed, immutable };
      const kept = digests.get(key);
      const isGood =
        kept !== undefined &&
        kept.askedAt >= notBefore &&
        isWithin(now(), kept.askedAt, goodFor(kept, question));
      const current = isGood ? kept : await askDigest(question);
      return describe(reference, current, immutable);
    },

    repositoryOf(text) {
      const reference = parse(text, parseReference);
      return 'kind' in reference ? undefined : repositoryOf(reference);
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

function describe(reference: ImageReference, { result, askedAt }: Asked, immutable: boolean): ImageResult {
  if (result.kind !== 'found') return result;
  return {
    kind: 'found',
    repository: repositoryOf(reference),
    tag: reference.tag ?? '',
    digest: result.digest,
    asOf: immutable ? null : askedAt,
    askedAt,
  };
}

function repositoryOf({ registry, path }: ImageReference): string {
  return `${registry}/${path}`;
}

/** The newest digest that was read before the tag was pushed anew. */
function digestBefore(last: Kept | undefined, notBefore: number): Digest | undefined {
  if (last === undefined || last.askedAt >= notBefore) return last?.before;
  return last.result.kind === 'found' ? last.result.digest : undefined;
}

function platformKey(platform: Platform | undefined): string {
  return platform === undefined ? '' : `${platform.os}/${platform.architecture}/${platform.variant ?? ''}`;
}
