import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CatchUp } from '../../../src/store/catch-up.ts';

let log: string[];
let catchUp: CatchUp;

beforeEach(() => {
  vi.useFakeTimers();
  log = [];
  catchUp = new CatchUp(
    { catchUp: async () => void log.push('catch up') },
    { retryNow: () => void log.push('retry now') },
  );
});
afterEach(() => vi.useRealTimers());

it('catches up every second', () => {
  catchUp.start();
  vi.advanceTimersByTime(3_000);
  expect(log).toEqual(['catch up', 'catch up', 'catch up']);
});

it('tries a last time when it stops, even if the store has just failed', async () => {
  catchUp.start();
  await catchUp.stop();
  vi.advanceTimersByTime(3_000);
  expect(log).toEqual(['catch up', 'retry now', 'catch up']);
});

it('does nothing when it stops without having started: the store may not be open', async () => {
  await catchUp.stop();
  expect(log).toEqual([]);
});
