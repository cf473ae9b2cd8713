/** Counts the distinct keys of the last minutes. */
import { isWithin } from '../clock.ts';

export class RecentKeys {
  readonly #windowMs: number;
  readonly #most: number;
  readonly #current = new Set<string>();
  /** When the current window began, milliseconds since the epoch. */
  #since = -Infinity;
  /** The number of keys in the window before. */
  #before = 0;

  /** @param most the highest number counted */
  constructor(windowMs: number, most: number) {
    this.#windowMs = windowMs;
    this.#most = most;
  }

  /** @returns the number of keys in this window, or in the last one if that had more */
  note(key: string, now: number): number {
    if (!isWithin(now, this.#since, this.#windowMs)) {
      this.#before = isWithin(now, this.#since, 2 * this.#windowMs) ? this.#current.size : 0;
      this.#current.clear();
      this.#since = now;
    }
    if (this.#current.size < this.#most) this.#current.add(key);
    return Math.max(this.#before, this.#current.size);
  }
}
