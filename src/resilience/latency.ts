/** Detects a slow server: all recent responses must be slow, since one may have waited for this process. */
import type { Clock } from '../clock.ts';

/** Slower than a nearby registry. */
const SLOW_MS = 50;
const ANSWERS = 8;
/** Minimum time span of the recent responses, since concurrent ones may have had the same delay. */
const SPAN_MS = 500;

export class Latency {
  readonly #elapsed: Clock;
  readonly #recent: { readonly at: number; readonly took: number }[] = [];

  /** @param elapsed a monotonic clock in milliseconds */
  constructor(elapsed: Clock) {
    this.#elapsed = elapsed;
  }

  /** @param startedAt by the same clock */
  answered(startedAt: number): void {
    const at = this.#elapsed();
    this.#recent.push({ at, took: at - startedAt });
    if (this.#recent.length > ANSWERS) this.#recent.shift();
  }

  isSlow(): boolean {
    const [first] = this.#recent;
    const last = this.#recent.at(-1);
    if (first === undefined || last === undefined || this.#recent.length < ANSWERS) return false;
    return last.at - first.at >= SPAN_MS && this.#recent.every(({ took }) => took >= SLOW_MS);
  }
}
