/** Writes, in the background, the answers that an archive missed while it failed. */

/** A disk that is no longer full is written to at once. */
const INTERVAL_MS = 1_000;

export class CatchUp {
  readonly #store: { catchUp(): Promise<void> };
  readonly #breaker: { retryNow(): void };
  #timer: NodeJS.Timeout | undefined;

  constructor(store: { catchUp(): Promise<void> }, breaker: { retryNow(): void }) {
    this.#store = store;
    this.#breaker = breaker;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#store.catchUp(), INTERVAL_MS).unref();
  }

  /** Tries a last time, even if the store has just failed. */
  async stop(): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    // A run that is under way may already have given up.
    await this.#store.catchUp();
    this.#breaker.retryNow();
    await this.#store.catchUp();
  }
}
