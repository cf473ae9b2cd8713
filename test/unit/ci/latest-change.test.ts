import { expect, it } from 'vitest';
import { createLatestChange } from '../../../src/ci/latest-change.ts';
import { createRun } from '../../fixtures/builders.ts';

it('keeps the latest time of change of each run', () => {
  const withLatestChange = createLatestChange();
  const times = (id: string, ...updates: number[]) =>
    updates.map((updatedAt) => withLatestChange(createRun({ id, updatedAt })).updatedAt);
  expect(times('1', 5, 3, 7)).toEqual([5, 5, 7]);
  expect(times('2', 1)).toEqual([1]);
});
