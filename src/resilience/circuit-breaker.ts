/** Leaves alone what has failed, for a while, so that not every caller waits for the same fault. */
import { setTimeout } from 'node:timers/promises';
import { isWithin, type Clock } from '../clock.ts';
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import { createBoundedCache } from './bounded-cache.ts';

/** What one call revealed: it works, it has failed, or the call ended without saying anything about it. */
export type Outcome = 'works' | 'inconclusive' | Trip;

export interface Trip {
  readonly failure: UpstreamFailure;
  /** Milliseconds of the pause after a first failure. */
  readonly ms: number;
  /** The pause doubles with each further failure that has a limit, up to this; left out: it does not. */
  readonly longestMs?: number;
}

/** The permission to make one call. */
export interface Permit {
  /** The call finds out whether what has failed works again. */
  readonly isTrial: boolean;
  /** Must be called exactly once. */
  end(outcome: Outcome): void;
}

export interface CircuitBreakerOptions {
  readonly now: Clock;
  /**
   * How many calls are let through when a pause is over:
   * - `one`: the others wait for it for a moment, then fail; only its success ends the failure, since a call
   *   that began before the fault proves nothing.
   * - `all`: for callers who would rather meet the fault themselves than be turned away; any success ends the
   *   failure.
   */
  readonly trials: 'one' | 'all';
  /** Keys that are remembered; the least recently used one is forgotten. */
  readonly maxKeys?: number;
  /** Milliseconds that callers wait for a trial at most. */
  readonly patienceMs?: number;
  readonly delay?: (ms: number) => Promise<unknown>;
}

interface Circuit {
  readonly failure: UpstreamFailure;
  /** When the pause began, milliseconds since the epoch, and how long it is. */
  readonly since: number;
  ms: number;
  /** Consecutive failures whose pauses double, those of concurrent calls counted as one. */
  readonly failures: number;
  /** The one call that is trying whether it works again. */
  trial: PromiseWithResolvers<void> | undefined;
}

const MAX_KEYS = 5000;
/** What works again usually answers at once. */
const PATIENCE_MS = 1000;

/** One circuit a key. A clock that is set back ends a pause: better a call too many than none for hours. */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #circuits;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
    this.#circuits = createBoundedCache<Circuit>(options.maxKeys ?? MAX_KEYS);
  }

  /**
   * Starts the call synchronously unless the key is being tried.
   * @param judge tells what an error of the call reveals
   * @throws UpstreamError as `enter` does, or what the call throws
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
   * Waits a moment for a trial that is under way.
   * @throws UpstreamError with the failure while the key is left alone or still being tried
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

  /** @returns undefined while the key is left alone or being tried */
  tryEnter(key: string): Permit | undefined {
    const admitted = this.#admit(key);
    return 'end' in admitted ? admitted : undefined;
  }

  /** Whether the key has failed and not worked since, even if its pause is over. */
  hasFailed(key: string): boolean {
    return this.#circuits.has(key);
  }

  /** Ends all pauses: the next call of each key is let through. */
  endPauses(): void {
    for (const circuit of this.#circuits.values()) circuit.ms = 0;
  }

  /** @returns the open circuit in place of a permission */
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
    // Those who wait for the trial go on only after this method has returned.
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
    // A call that ran beside the one that failed first has met the same failure.
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

/** A failure that says how long to wait says how much of that is left. */
function withTimeLeft({ retryAfterMs, ...failure }: UpstreamFailure, left: number): UpstreamFailure {
  return retryAfterMs === undefined ? failure : { ...failure, retryAfterMs: Math.max(left, 1) };
}
