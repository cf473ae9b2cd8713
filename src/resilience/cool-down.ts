/** After a fault, the upstream is left alone for a while, for all callers alike: a thousand branches must not each wait for it. */
import { LRUCache } from 'lru-cache';
import { UpstreamError, type UpstreamFailure, type UpstreamFailureKind } from '../errors.ts';
import { bounded } from './bounded-cache.ts';
import { isWithin, type Clock } from '../clock.ts';

/** Milliseconds to stay away where the upstream named no time of its own. A time-out has cost somebody a long wait already. */
const PAUSE: Readonly<Record<UpstreamFailureKind, number>> = {
  timeout: 10_000,
  unreachable: 5000,
  unavailable: 5000,
  malformed: 5000,
  denied: 15_000,
  not_found: 15_000,
  rate_limited: 60_000,
};
/** Failures of these kinds concern whoever asks next, whatever for; the others only who asks for the same thing. */
const SHARED: ReadonlySet<UpstreamFailureKind> = new Set([
  'timeout',
  'unreachable',
  'unavailable',
  'rate_limited',
]);
/** What is denied stays so until somebody has done something: it is asked for ever less often, up to this. */
const DENIALS: ReadonlySet<UpstreamFailureKind> = new Set(['denied', 'not_found']);
const LONGEST_DENIAL = 300_000;
/** However long upstream wants to be left alone: then one call finds out how it is. */
const LONGEST_PAUSE = 300_000;
const MAX_KEYS = 5000;

export interface Backoff {
  /**
   * Runs the call, or fails at once with the last failure while its pause lasts.
   * @param key what is asked for
   * @throws UpstreamError
   */
  run<T>(key: string, call: () => Promise<T>): Promise<T>;
}

interface Pause {
  readonly failure: UpstreamFailure;
  readonly since: number;
  readonly length: number;
  /** With which secret it was denied. */
  readonly generation: number;
}

export interface BackoffOptions {
  readonly now: Clock;
  /** Another number whenever the secret that calls are made with has changed; left out: it never does. */
  readonly generation?: (() => number) | undefined;
}

export function createBackoff({ now, generation = () => 0 }: BackoffOptions): Backoff {
  let everybody: Pause | undefined;
  const byKey = new LRUCache<string, Pause>(bounded(MAX_KEYS));

  function throwWhilePaused(pause: Pause | undefined): void {
    if (pause === undefined || !isWithin(now(), pause.since, pause.length) || isOutdated(pause)) return;
    throw new UpstreamError(pause.failure);
  }

  function isOutdated({ failure, generation: denied }: Pause): boolean {
    return DENIALS.has(failure.kind) && denied !== generation();
  }

  function lengthOf({ kind, retryAfterMs }: UpstreamFailure, before: Pause | undefined): number {
    const length = Math.min(retryAfterMs ?? PAUSE[kind], LONGEST_PAUSE);
    const isAgain = before !== undefined && DENIALS.has(before.failure.kind) && !isOutdated(before);
    return DENIALS.has(kind) && isAgain ? Math.min(2 * before.length, LONGEST_DENIAL) : length;
  }

  function note(key: string, failure: UpstreamFailure): void {
    const length = lengthOf(failure, byKey.get(key));
    const pause = { failure, since: now(), length, generation: generation() };
    if (SHARED.has(failure.kind)) everybody = pause;
    else byKey.set(key, pause);
  }

  return {
    async run(key, call) {
      throwWhilePaused(everybody);
      throwWhilePaused(byKey.get(key));
      try {
        const result = await call();
        everybody = undefined;
        byKey.delete(key);
        return result;
      } catch (error) {
        if (error instanceof UpstreamError) note(key, error.failure);
        throw error;
      }
    },
  };
}
