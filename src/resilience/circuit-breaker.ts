/** Pauses calls that have failed, so that not every caller waits for the same failure. */
import { setTimeout } from 'node:timers/promises';
import { isWithin, type Clock } from '../clock.ts';
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import { createBoundedCache } from './bounded-cache.ts';

/** The result of one call: success, a failure that trips the breaker, or neither. */
export type Outcome = 'works' | 'inconclusive' | Trip;

export interface Trip {
  readonly failure: UpstreamFailure;
  /** Pause after the first failure, in milliseconds. */
  readonly ms: number;
  /** The pause doubles with each further failure that has a limit, up to this; constant if omitted. */
  readonly longestMs?: number;
}

/** Permission to make one call. */
export interface Permit {
  /** True if the call finds out whether the failure is over. */
  readonly isTrial: boolean;
  /** Must be called exactly once. */
  end(outcome: Outcome): void;
}

export interface CircuitBreakerOptions {
  readonly now: Clock;
  /**
   * How many calls are let through after a pause:
   * - `one`: the others wait for it briefly, then fail. Only its success closes the circuit, since a call
   *   that began before the failure proves nothing.
   * - `all`: for callers that would rather fail themselves than be rejected. Any success closes the circuit.
   */
  readonly trials: 'one' | 'all';
  /** Maximum number of keys; the least recently used one is evicted. */
  readonly maxKeys?: number;
  /** Maximum time that callers wait for a trial, in milliseconds. */
  readonly patienceMs?: number;
  readonly delay?: (ms: number) => Promise<unknown>;
}

interface Circuit {
  readonly failure: UpstreamFailure;
  /** When the pause began, milliseconds since the epoch, and its length. */
  readonly since: number;
  ms: number;
  /** Consecutive failures whose pauses double, with concurrent failures counted as one. */
  readonly failures: number;
  /** The call that is finding out whether the failure is over. */
  trial: PromiseWithResolvers<void> | undefined;
}

const MAX_KEYS = 5000;
/** A server that works again usually responds at once. */
const PATIENCE_MS = 1000;

/** One circuit per key. Setting the clock back ends a pause: an extra call is better than none for hours. */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #circuits;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
    this.#circuits = createBoundedCache<Circuit>(options.maxKeys ?? MAX_KEYS);
  }

  /**
   * Starts the call synchronously unless a trial is in progress.
   * @param judge classifies an error of the call
   * @throws UpstreamError as `enter` does, or the error of the call
   */
  async run<T>(key: string, call: () => Promise<T>, judge: (error: unknown) => Outcome): Promise<T> {
    const permit = this.tryEnter(key) ?? (await this.enter(key));
    let outcome: Outcome = 'works';
    try {
      return await call();
    } catch (error) {
      outcome = judge(error);
      throw error;
    } finally {
      permit.end(outcome);
    }
  }

  /**
   * Waits briefly for a trial in progress.
   * @throws UpstreamError with the failure while the key is paused or still being tried
   */
  async enter(key: string): Promise<Permit> {
    const circuit = this.#circuits.get(key);
    if (circuit?.trial !== undefined && this.#timeLeft(circuit) === 0) {
      const { patienceMs = PATIENCE_MS, delay } = this.#options;
      // The timer does not keep the process alive.
      const patience = delay?.(patienceMs) ?? setTimeout(patienceMs, undefined, { ref: false });
      await Promise.race([circuit.trial.promise, patience]);
    }
    const admitted = this.#admit(key);
    if ('end' in admitted) return admitted;
    throw new UpstreamError(withTimeLeft(admitted.failure, this.#timeLeft(admitted)));
  }

  /** @returns undefined while the key is paused or being tried */
  tryEnter(key: string): Permit | undefined {
    const admitted = this.#admit(key);
    return 'end' in admitted ? admitted : undefined;
  }

  /** True if the key has failed and not succeeded since, even if its pause is over. */
  hasFailed(key: string): boolean {
    return this.#circuits.has(key);
  }

  /** Ends all pauses: the next call of each key is let through. */
  endPauses(): void {
    for (const circuit of this.#circuits.values()) circuit.ms = 0;
  }

  /** @returns the open circuit if the call is not permitted */
  #admit(key: string): Permit | Circuit {
    const circuit = this.#circuits.get(key);
    if (circuit !== undefined) {
      if (circuit.trial !== undefined || this.#timeLeft(circuit) > 0) return circuit;
      if (this.#options.trials === 'one') circuit.trial = Promise.withResolvers();
    }
    return { isTrial: circuit !== undefined, end: (outcome) => this.#settle(key, circuit, outcome) };
  }

  #settle(key: string, entered: Circuit | undefined, outcome: Outcome): void {
    const current = this.#circuits.get(key);
    // Callers waiting for the trial continue only after this method has returned.
    entered?.trial?.resolve();
    if (entered !== undefined) entered.trial = undefined;
    if (outcome === 'inconclusive') return;
    if (outcome !== 'works') this.#trip(key, entered, current, outcome);
    else if (this.#options.trials === 'all' || (entered !== undefined && current === entered)) {
      this.#circuits.delete(key);
    }
  }

  #trip(key: string, entered: Circuit | undefined, current: Circuit | undefined, trip: Trip): void {
    const { failure, longestMs = trip.ms } = trip;
    // A call that ran concurrently with the first failed one has hit the same failure.
    const isSame = current !== undefined && current !== entered;
    const failures = current?.failures ?? 0;
    const before = isSame ? Math.max(failures - 1, 0) : failures;
    const ms = Math.min(trip.ms * 2 ** before, longestMs);
    if (isSame && this.#timeLeft(current) >= ms) return;
    const since = this.#options.now();
    this.#circuits.set(key, {
      failure,
      ms,
      since,
      // Only pauses that may grow count towards their doubling.
      failures: longestMs > trip.ms ? before + 1 : 0,
      trial: undefined,
    });
  }

  #timeLeft({ since, ms }: Circuit): number {
    const now = this.#options.now();
    return isWithin(now, since, ms) ? since + ms - now : 0;
  }
}

/** Reduces the failure's wait, if it has one, to the remaining time. */
function withTimeLeft({ retryAfterMs, ...failure }: UpstreamFailure, left: number): UpstreamFailure {
  return retryAfterMs === undefined ? failure : { ...failure, retryAfterMs: Math.max(left, 1) };
}
