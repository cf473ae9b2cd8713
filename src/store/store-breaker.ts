/** Pauses calls to the store after it has failed: its failures must not fail answers. */
import type { Clock } from '../clock.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import type { StoreObserver } from './archive.ts';

const SHORTEST_MS = 1_000;
const LONGEST_MS = 30_000;
/** Stable, and without the key, since not everyone who reads logs may know a branch name. */
const UNREADABLE =
  'the store holds a record that cannot be read, so the digests answered before are unknown; ' +
  'the next good answer overwrites it';

export interface StoreBreakerOptions {
  readonly now: Clock;
  readonly observer: StoreObserver;
  /** Called once when the store stops responding, and once when it responds again. */
  readonly warn: (message: string) => void;
  /** The longest pause, milliseconds. */
  readonly longestMs?: number;
}

/** The kinds fail independently: a full disk, for example, can be read but not written. */
type CallKind = 'read' | 'write';

export class StoreBreaker {
  readonly #options: StoreBreakerOptions;
  readonly #breaker: CircuitBreaker;
  #isUnreadableReported = false;

  constructor(options: StoreBreakerOptions) {
    this.#options = options;
    // Without the store, a caller may have to return an error, so all of them try it when a pause is over.
    this.#breaker = new CircuitBreaker({ now: options.now, trials: 'all' });
  }

  /**
   * Calls the store, unless a call of this kind has just failed. Never throws.
   * @returns the result in an object; undefined if the call failed or was not made
   */
  async attempt<T>(kind: CallKind, call: () => Promise<T>): Promise<{ readonly result: T } | undefined> {
    const { observer, warn, longestMs = LONGEST_MS } = this.#options;
    const permit = this.#breaker.tryEnter(kind);
    if (permit === undefined) return undefined;
    try {
      const result = await call();
      const hadFailed = this.hasFailed(kind);
      permit.end('works');
      if (hadFailed && !this.#isFailing()) {
        observer.storeUp(true);
        warn('the store works again');
      }
      return { result };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      observer.storeFailed();
      observer.storeUp(false);
      if (!this.#isFailing()) {
        warn(`the store failed (${message}); answers are kept in memory until it works again`);
      }
      const failure = { kind: 'unavailable' as const, host: 'store', message };
      permit.end({ failure, ms: SHORTEST_MS, longestMs });
      return undefined;
    }
  }

  /** True if the last call of this kind failed. Only another call can find out that the failure is over. */
  hasFailed(kind: CallKind): boolean {
    return this.#breaker.hasFailed(kind);
  }

  /** Counts and reports (once) a broken record. The store itself works: its other records are fine. */
  reportUnreadable(): void {
    this.#options.observer.storeFailed();
    if (!this.#isUnreadableReported) this.#options.warn(UNREADABLE);
    this.#isUnreadableReported = true;
  }

  /** Lets the next call through, however recently one failed. */
  retryNow(): void {
    this.#breaker.endPauses();
  }

  #isFailing(): boolean {
    return this.hasFailed('read') || this.hasFailed('write');
  }
}
