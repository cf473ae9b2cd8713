/** Whether a server is slow: not for a moment, in which this process may have been busy itself, but with every answer of late. */
import type { Clock } from '../clock.ts';

/** Milliseconds: a registry nearby answers faster. */
const SLOW_MS = 50;
const ANSWERS = 8;
/** Milliseconds that the answers must be apart: those that come side by side wait for the same thing. */
const SPAN_MS = 500;

export interface Latency {
  /** @param startedAt by the clock that was given */
  answered(startedAt: number): void;
  isSlow(): boolean;
}

/** @param elapsed milliseconds of any beginning, which nobody can set */
export function createLatency(elapsed: Clock): Latency {
  const last: { readonly at: number; readonly took: number }[] = [];
  return {
    answered(startedAt) {
      const at = elapsed();
      last.push({ at, took: at - startedAt });
      if (last.length > ANSWERS) last.shift();
    },
    isSlow() {
      const [first] = last;
      if (first === undefined || last.length < ANSWERS) return false;
      const span = (last.at(-1)?.at ?? first.at) - first.at;
      return span >= SPAN_MS && last.every(({ took }) => took >= SLOW_MS);
    },
  };
}
