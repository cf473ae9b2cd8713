import { expect, test } from 'vitest';
import { RecentKeys } from '../../../src/runs/recent-keys.ts';

test('distinct keys of this window or the last one are counted, at most so many', () => {
  const keys = new RecentKeys(1000, 3);
  expect(['a', 'b', 'a'].map((key) => keys.note(key, 0))).toEqual([1, 2, 2]);
  expect(['c', 'd'].map((key) => keys.note(key, 999))).toEqual([3, 3]);
  expect(keys.note('a', 1000)).toBe(3);
  expect(keys.note('a', 2000)).toBe(1);
});

test('a clock that was set back begins a new window', () => {
  const keys = new RecentKeys(1000, 10);
  for (const key of ['a', 'b']) keys.note(key, 5000);
  expect(keys.note('a', 0)).toBe(1);
});
