/** Keeps a connection quiet for as long as the upstream asked. */
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { Clock } from '../resolve/ports.ts';

export interface RateGate {
  /** @throws UpstreamError the failure that closed the gate, with what is left of its wait */
  pass(): void;
  /** Looks at what a call threw; a failure with a wait (a rate limit, a 503 with Retry-After) closes the gate. */
  note(error: unknown): void;
}

export function createRateGate(now: Clock): RateGate {
  let closed: { failure: UpstreamFailure; wait: number; until: number } | undefined;
  return {
    pass() {
      if (closed === undefined) return;
      const left = closed.until - now();
      // More left than the whole wait: the clock was set back, and what it says of the end means nothing.
      if (left > 0 && left <= closed.wait) throw new UpstreamError({ ...closed.failure, retryAfterMs: left });
      closed = undefined;
    },
    note(error) {
      if (!(error instanceof UpstreamError)) return;
      const wait = error.failure.retryAfterMs;
      if (wait === undefined) return;
      const until = now() + wait;
      if (closed === undefined || until > closed.until) closed = { failure: error.failure, wait, until };
    },
  };
}
