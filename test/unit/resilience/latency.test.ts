import { expect, it } from 'vitest';
import { Latency } from '../../../src/resilience/latency.ts';

/** @returns whether it is slow after answers that took so long, one after the other */
function isSlowAfter(took: readonly number[], pause = 0): boolean {
  let elapsed = 0;
  const latency = new Latency(() => elapsed);
  for (const milliseconds of took) {
    const startedAt = elapsed;
    elapsed += milliseconds;
    latency.answered(startedAt);
    elapsed += pause;
  }
  return latency.isSlow();
}

const eight = (milliseconds: number) => Array.from({ length: 8 }, () => milliseconds);

it('a server is slow if all its recent responses took long', () => {
  expect(isSlowAfter(eight(200))).toBe(true);
  expect(isSlowAfter(eight(1), 100)).toBe(false);
});

it('a server is not slow before some responses, nor after a fast one', () => {
  expect(isSlowAfter(eight(200).slice(1))).toBe(false);
  expect(isSlowAfter([...eight(200), 2])).toBe(false);
  expect(isSlowAfter([2, ...eight(200)])).toBe(true);
});

it('a server is not slow if this process was briefly busy while many responses came', () => {
  let elapsed = 0;
  const latency = new Latency(() => elapsed);
  elapsed = 300;
  for (let i = 0; i < 100; i++) latency.answered(0);
  expect(latency.isSlow()).toBe(false);
});
