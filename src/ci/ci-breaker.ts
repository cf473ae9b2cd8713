/** Circuit breakers for CI: after a fault, all callers leave it alone, since a thousand branches must not each wait for it. */
import type { Clock } from '../clock.ts';
import { UpstreamError, type UpstreamFailureKind } from '../errors.ts';
import { CircuitBreaker, type Outcome } from '../resilience/circuit-breaker.ts';

/** Milliseconds of a pause, unless CI asks for another. A time-out has already cost its caller a long wait. */
const PAUSE_MS: Readonly<Record<UpstreamFailureKind, number>> = {
  timeout: 10_000,
  unreachable: 5000,
  unavailable: 5000,
  malformed: 5000,
  denied: 15_000,
  not_found: 15_000,
  rate_limited: 60_000,
};
/** However long CI wants to be left alone: after this, one call finds out whether it still does. */
const LONGEST_PAUSE_MS = 300_000;
/** Failures that concern every caller; the others concern only callers who ask for the same thing. */
const SHARED: ReadonlySet<UpstreamFailureKind> = new Set([
  'timeout',
  'unreachable',
  'unavailable',
  'rate_limited',
]);
/** A denial lasts until somebody acts on it, so each further one doubles the pause. */
const DENIALS: ReadonlySet<UpstreamFailureKind> = new Set(['denied', 'not_found']);

export interface CiBreakerOptions {
  readonly now: Clock;
  /** Changes with the secret that the calls are made with; left out: it never changes. */
  readonly generation?: (() => number) | undefined;
}

export class CiBreaker {
  readonly #generation: () => number;
  readonly #shared: CircuitBreaker;
  readonly #byKey: CircuitBreaker;

  constructor({ now, generation = () => 0 }: CiBreakerOptions) {
    this.#generation = generation;
    // Calls for the same key are joined elsewhere, and a caller turned away may answer an error: nobody waits for a trial.
    this.#shared = new CircuitBreaker({ now, trials: 'all' });
    this.#byKey = new CircuitBreaker({ now, trials: 'all' });
  }

  /**
   * Runs the call, or fails at once with the last failure during its pause. A new secret is tried at once after a denial.
   * @param key what the call asks for
   * @throws UpstreamError
   */
  run<T>(key: string, call: () => Promise<T>): Promise<T> {
    const keyed = `${this.#generation()} ${key}`;
    return this.#shared.run('', () => this.#byKey.run(keyed, call, judgeForKey), judgeForAll);
  }
}

/**
 * Leaves a connection alone for as long as its CI asks (a rate limit, a 503 with Retry-After). One call finds out whether that is
 * over, every five minutes at the latest.
 */
export class RateLimitBreaker {
  readonly #breaker: CircuitBreaker;

  constructor(now: Clock) {
    this.#breaker = new CircuitBreaker({ now, trials: 'one' });
  }

  /** @throws UpstreamError, with what is left of the wait while the connection is left alone */
  run<T>(call: () => Promise<T>): Promise<T> {
    return this.#breaker.run('', call, judgeLimit);
  }
}

function judgeForAll(error: unknown): Outcome {
  if (!(error instanceof UpstreamError) || !SHARED.has(error.failure.kind)) return 'inconclusive';
  return { failure: error.failure, ms: pauseMs(error) };
}

function judgeForKey(error: unknown): Outcome {
  if (!(error instanceof UpstreamError) || SHARED.has(error.failure.kind)) return 'inconclusive';
  const { failure } = error;
  const ms = pauseMs(error);
  return { failure, ms, longestMs: DENIALS.has(failure.kind) ? LONGEST_PAUSE_MS : ms };
}

function judgeLimit(error: unknown): Outcome {
  if (!(error instanceof UpstreamError)) return 'inconclusive';
  const { failure } = error;
  if (failure.retryAfterMs !== undefined) return { failure, ms: pauseMs(error) };
  // Whoever says no to this call in particular limits calls no more.
  return DENIALS.has(failure.kind) ? 'works' : 'inconclusive';
}

function pauseMs({ failure: { kind, retryAfterMs } }: UpstreamError): number {
  return Math.min(retryAfterMs ?? PAUSE_MS[kind], LONGEST_PAUSE_MS);
}
