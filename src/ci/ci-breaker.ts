/** Circuit breakers for CI, so that a thousand branches do not each wait for the same failure. */
import type { Clock } from '../clock.ts';
import { UpstreamError, type UpstreamFailure, type UpstreamFailureKind } from '../errors.ts';
import { CircuitBreaker, type Outcome } from '../resilience/circuit-breaker.ts';

/** Default pauses if CI names no time. A time-out has already cost its caller a long wait. */
const PAUSE_MS: Readonly<Record<UpstreamFailureKind, number>> = {
  timeout: 10_000,
  unreachable: 5000,
  unavailable: 5000,
  malformed: 5000,
  denied: 15_000,
  not_found: 15_000,
  rate_limited: 60_000,
};
/** Upper bound on the pause that CI asks for; then one call finds out whether it still applies. */
const LONGEST_PAUSE_MS = 300_000;
/** A page of runs may take seconds, and callers that do not wait fail although the limit may be over. */
const TRIAL_PATIENCE_MS = 5000;
/** Failures that affect every caller; the others affect only calls for the same thing. */
const SHARED: ReadonlySet<UpstreamFailureKind> = new Set([
  'timeout',
  'unreachable',
  'unavailable',
  'rate_limited',
]);
/** A denial lasts until someone fixes it, so each further one doubles the pause. */
const DENIALS: ReadonlySet<UpstreamFailureKind> = new Set(['denied', 'not_found']);

export interface CiBreakerOptions {
  readonly now: Clock;
  /** Changes with the secret used for the calls; omitted if it never changes. */
  readonly generation?: (() => number) | undefined;
}

export class CiBreaker {
  readonly #generation: () => number;
  readonly #shared: CircuitBreaker;
  readonly #byKey: CircuitBreaker;

  constructor({ now, generation = () => 0 }: CiBreakerOptions) {
    this.#generation = generation;
    // Rejected callers may have to return an error, so they all try CI when a pause is over.
    this.#shared = new CircuitBreaker({ now, trials: 'all' });
    this.#byKey = new CircuitBreaker({ now, trials: 'all' });
  }

  /**
   * Runs the call, or fails at once with the last failure during its pause. A new secret ends the pause after
   * a denial.
   * @param key identifies what the call requests
   * @throws UpstreamError
   */
  run<T>(key: string, call: () => Promise<T>): Promise<T> {
    const keyed = `${this.#generation()} ${key}`;
    return this.#shared.run(
      '',
      () => this.#byKey.run(keyed, call, (error) => evaluate(error, false)),
      (error) => evaluate(error, true),
    );
  }
}

/**
 * Pauses a connection for as long as its CI asks (a rate limit, a 503 with Retry-After). At least every five
 * minutes, one call finds out whether the pause is over.
 */
export class RateLimitBreaker {
  readonly #breaker: CircuitBreaker;

  constructor(now: Clock) {
    this.#breaker = new CircuitBreaker({ now, trials: 'one', patienceMs: TRIAL_PATIENCE_MS });
  }

  /** @throws UpstreamError, with the remaining wait while the connection is paused */
  run<T>(call: () => Promise<T>): Promise<T> {
    return this.#breaker.run('', call, evaluateLimit);
  }
}

/** @param isShared true to evaluate the failures that affect every caller, false for the others */
function evaluate(error: unknown, isShared: boolean): Outcome {
  if (!(error instanceof UpstreamError)) return 'inconclusive';
  const { failure } = error;
  if (SHARED.has(failure.kind) !== isShared) return 'inconclusive';
  const ms = pauseMs(failure);
  return { failure, ms, longestMs: DENIALS.has(failure.kind) ? LONGEST_PAUSE_MS : ms };
}

function evaluateLimit(error: unknown): Outcome {
  if (!(error instanceof UpstreamError)) return 'inconclusive';
  const { failure } = error;
  if (failure.retryAfterMs !== undefined) return { failure, ms: pauseMs(failure) };
  // No sign of a limit any more; other breakers handle other failures.
  return 'works';
}

function pauseMs({ kind, retryAfterMs }: UpstreamFailure): number {
  return Math.min(retryAfterMs ?? PAUSE_MS[kind], LONGEST_PAUSE_MS);
}
