/** After a fault, the upstream is left alone for a while, for all callers alike: a thousand branches must not each wait for it. */
import { LRUCache } from 'lru-cache';
import { UpstreamError, type UpstreamFailure, type UpstreamFailureKind } from '../errors.ts';
import type { Clock } from '../resolve/ports.ts';
import { bounded } from './bounded.ts';

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
}

export function createBackoff({ now }: { readonly now: Clock }): Backoff {
  let everybody: Pause | undefined;
  const byKey = new LRUCache<string, Pause>(bounded(MAX_KEYS));

  function throwWhilePaused(pause: Pause | undefined): void {
    const passed = pause === undefined ? Infinity : now() - pause.since;
    // A clock that was set back says nothing of what is left.
    if (pause !== undefined && passed >= 0 && passed < pause.length) throw new UpstreamError(pause.failure);
  }

  function note(key: string, failure: UpstreamFailure): void {
    const pause = { failure, since: now(), length: failure.retryAfterMs ?? PAUSE[failure.kind] };
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
