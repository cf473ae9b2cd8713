import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ArchivedStore } from '../../../src/store/archived-store.ts';

let log: string[];
let store: ArchivedStore;

beforeEach(() => {
  vi.useFakeTimers();
  log = [];
  const outage = { retryNow: () => void log.push('retry now') };
  store = new ArchivedStore({ outage, archive: {}, readAgainAfter: 0, now: Date.now } as never);
  vi.spyOn(store, 'catchUp').mockImplementation(async () => void log.push('catch up'));
});
afterEach(() => vi.useRealTimers());

it('catches up every second', () => {
  store.start();
  vi.advanceTimersByTime(3_000);
  expect(log).toEqual(['catch up', 'catch up', 'catch up']);
});

it('makes a last attempt when it stops, even if the store has just failed', async () => {
  store.start();
  await store.stop();
  vi.advanceTimersByTime(3_000);
  expect(log).toEqual(['catch up', 'retry now', 'catch up']);
});

it('does nothing when it stops without having started: the store may not be open', async () => {
  await store.stop();
  expect(log).toEqual([]);
});
