/** A token bucket that limits the calls for one purpose. */
import type { Clock } from '../clock.ts';

export class Allowance {
  readonly #most: number;
  readonly #msPerCall: () => number;
  readonly #now: Clock;
  #used = 0;
  #at: number | undefined;

  /** @param msPerCall milliseconds until one used call is available again */
  constructor(most: number, msPerCall: () => number, now: Clock) {
    this.#most = most;
    this.#msPerCall = msPerCall;
    this.#now = now;
  }

  /** @returns false if the allowance is used up */
  tryUse(): boolean {
    const now = this.#now();
    // If the clock was set back, nothing is renewed.
    this.#used = Math.max(0, this.#used - Math.max(0, now - (this.#at ?? now)) / this.#msPerCall());
    this.#at = now;
    if (this.#used > this.#most - 1) return false;
    this.#used += 1;
    return true;
  }

  /** Returns a call that turned out to be for another purpose. */
  giveBack(): void {
    this.#used = Math.max(0, this.#used - 1);
  }
}
