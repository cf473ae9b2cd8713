/**
 * Which questions are not asked again at once: what was denied, or was answered with what makes no sense, will mostly be so again. Each
 * time it is, the pause grows. Shared by all callers; another credential is tried at once.
 */
import { LRUCache } from 'lru-cache';
import type { UpstreamFailure } from '../errors.ts';
import { credentialIdentity, type Credential } from './credentials/credential.ts';
import { createPauses, type Finding } from '../resilience/pauses.ts';
import { formatReference, imageRepository } from '../image/reference.ts';
import type { Clock } from '../clock.ts';
import type { ImageReference } from '../image/image.ts';

export interface Question {
  readonly reference: ImageReference;
  /** What else tells it from other questions about the reference. */
  readonly what: string;
  readonly credential: Credential;
}

export interface Outcome {
  /** Undefined: there was an answer. */
  readonly failure: UpstreamFailure | undefined;
  /** What failed: this image, the way into its image repository, or the host (which is left alone by itself). */
  readonly of: 'image' | 'access' | 'host';
}

export interface Backoff {
  /**
   * @returns what must be told the outcome, once
   * @throws UpstreamError, the failure of the last time, while it is too early to ask again
   */
  enter(question: Question): Promise<(outcome: Outcome) => void>;
}

/** What is known of an image repository, as a credential's source sees it. */
interface Standing {
  /** Something of it has been seen since the last denial. */
  isOpen: boolean;
  /** References that were denied since something was seen. */
  readonly denied: Set<string>;
  /** How long the last pause of all of it was. */
  ms: number;
  until: number;
}

/** Pauses, each twice as long as the one before, in milliseconds. */
interface Pace {
  readonly first: number;
  readonly longest: number;
}

const MAX_QUESTIONS = 20_000;
const MAX_REPOSITORIES = 5000;
/** Shorter for all of an image repository than for one image of it, so that another one finds out whether it opens again. */
const OF_ALL: Pace = { first: 10_000, longest: 300_000 };
const OF_ONE: Pace = { first: 15_000, longest: 300_000 };
/** What is down comes back, and then nobody should wait for long. */
const OUTAGE: Pace = { first: 2000, longest: 30_000 };
/**
 * A registry may deny what is not there (a virtual repository of Artifactory, sigstore/cosign#2973): where others are let in, so many
 * different images have to be denied before it means all of them.
 */
const DENIALS_OF_ALL = 4;

export function createBackoff(deps: {
  readonly now: Clock;
  readonly delay: (ms: number) => Promise<void>;
}): Backoff {
  const { now } = deps;
  const questions = createPauses({ ...deps, max: MAX_QUESTIONS });
  const repositories = createPauses({ ...deps, max: MAX_REPOSITORIES });
  const standings = new LRUCache<string, Standing>({ max: MAX_REPOSITORIES });

  async function enter({ reference, what, credential }: Question): Promise<(outcome: Outcome) => void> {
    const text = formatReference(reference);
    const identity = credentialIdentity(credential);
    const question = await questions.enter(JSON.stringify([text, what, identity]));
    let repository;
    try {
      repository = await repositories.enter(JSON.stringify([imageRepository(reference), identity]));
    } catch (error) {
      question.leave('untold');
      throw error;
    }
    return (outcome) => {
      const standing = standingOf(imageRepository(reference), credential);
      question.leave(judgeOne(outcome, question.failures));
      repository.leave(judgeAll(standing, text, outcome, repository.failures > 0));
    };
  }

  function standingOf(repository: string, { source }: Credential): Standing {
    const key = JSON.stringify([repository, source]);
    const standing = standings.get(key) ?? { isOpen: false, denied: new Set(), ms: 0, until: 0 };
    standings.set(key, standing);
    return standing;
  }

  function judgeAll(standing: Standing, text: string, { failure, of }: Outcome, isTried: boolean): Finding {
    if (failure === undefined || (of === 'image' && failure.kind !== 'denied')) {
      standing.isOpen = true;
      standing.ms = 0;
      standing.denied.clear();
      return 'works';
    }
    if (of === 'host' || failure.kind === 'rate_limited') return 'untold';
    if (isOutage(failure)) {
      const ms = lengthen(standing, OUTAGE);
      // Once is nothing: the next caller may well get a token.
      return standing.ms === OUTAGE.first ? 'untold' : { failure, ms };
    }
    standing.denied.add(text);
    const isOfOne = standing.isOpen && !isTried && standing.denied.size < DENIALS_OF_ALL;
    if (isOfOne) return 'untold';
    standing.isOpen = false;
    standing.denied.clear();
    return { failure, ms: lengthen(standing, OF_ALL) };
  }

  /** Those that fail together are one failure. @returns milliseconds */
  function lengthen(standing: Standing, { first, longest }: Pace): number {
    const left = standing.until - now();
    if (left <= 0 || left > standing.ms || standing.ms === 0) {
      standing.ms = standing.ms === 0 ? first : Math.min(standing.ms * 2, longest);
      standing.until = now() + standing.ms;
    }
    return standing.until - now();
  }

  return { enter };
}

function judgeOne({ failure, of }: Outcome, failures: number): Finding {
  if (failure === undefined) return 'works';
  if (of !== 'image' && failure.kind !== 'denied') return 'untold';
  const { first, longest } = isOutage(failure) ? OUTAGE : OF_ONE;
  return { failure, ms: Math.min(first * 2 ** failures, longest) };
}

function isOutage({ kind }: UpstreamFailure): boolean {
  return kind !== 'denied' && kind !== 'malformed';
}
