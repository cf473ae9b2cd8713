/** After a fault, the upstream is left alone for a while, for all callers alike: a thousand branches must not each wait for it. */
import { UpstreamError, type UpstreamFailure, type UpstreamFailureKind } from '../errors.ts';
import type { Clock } from '../resolve/ports.ts';

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

export interface Backoff {
  /**
   * Runs the call, or fails at once with the last failure while its pause lasts.
   * @throws UpstreamError
   */
  run<T>(call: () => Promise<T>): Promise<T>;
}

export interface BackoffOptions {
  readonly now: Clock;
  /** Failures of other kinds concern one call only, and pause nobody. Default: all kinds. */
  readonly kinds?: readonly UpstreamFailureKind[];
}

export function createBackoff({ now, kinds }: BackoffOptions): Backoff {
  let paused: { failure: UpstreamFailure; until: number } | undefined;
  return {
    async run(call) {
      if (paused !== undefined && now() < paused.until) throw new UpstreamError(paused.failure);
      try {
        const result = await call();
        paused = undefined;
        return result;
      } catch (error) {
        if (error instanceof UpstreamError && (kinds === undefined || kinds.includes(error.failure.kind))) {
          const { failure } = error;
          paused = { failure, until: now() + (failure.retryAfterMs ?? PAUSE[failure.kind]) };
        }
        throw error;
      }
    },
  };
}
