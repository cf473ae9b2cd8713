/** Keeps a connection quiet for as long as the upstream asked; now and then one call finds out whether it still wants that. */
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { Clock } from '../clock.ts';

/** Milliseconds between two calls that are let through nevertheless. */
const PROBE_EVERY = 300_000;

export interface RateGate {
  /**
   * @returns whether the gate is closed, and this one call finds out how it is
   * @throws UpstreamError the failure that closed the gate, with what is left until another call is let through
   */
  pass(): boolean;
  /** Looks at what a call threw; a failure with a wait (a rate limit, a 503 with Retry-After) closes the gate. */
  note(error: unknown): void;
  /** The call that was let through succeeded. */
  open(): void;
}

interface Closed {
  readonly failure: UpstreamFailure;
  readonly wait: number;
  readonly until: number;
}

export function createRateGate(now: Clock): RateGate {
  let closed: Closed | undefined;
  /** When a call last met with the upstream. */
  let triedAt = 0;
  return {
    pass() {
      if (closed === undefined) return false;
      const left = closed.until - now();
      const untilProbe = triedAt + PROBE_EVERY - now();
      // More left than the whole wait: the clock was set back, and what it says of the end means nothing.
      if (left <= 0 || left > closed.wait) {
        closed = undefined;
        return false;
      }
      if (untilProbe > 0) {
        throw new UpstreamError({ ...closed.failure, retryAfterMs: Math.min(left, untilProbe) });
      }
      triedAt = now();
      return true;
    },
    note(error) {
      if (!(error instanceof UpstreamError)) return;
      const wait = error.failure.retryAfterMs;
      if (wait === undefined) return;
      triedAt = now();
      const until = now() + wait;
      if (closed === undefined || until > closed.until) closed = { failure: error.failure, wait, until };
    },
    open() {
      closed = undefined;
    },
  };
}
