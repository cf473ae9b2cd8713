import { expect, it } from 'vitest';
import { createLatestChange } from '../../../src/ci/latest-change.ts';
import { createRun } from '../../fixtures/builders.ts';

it('keeps the latest time of change of each run while it has no end of its own', () => {
  const withLatestChange = createLatestChange();
  const times = (id: string, ...updates: number[]) =>
    updates.map((updatedAt) => withLatestChange(createRun({ id, state: 'running', updatedAt })).updatedAt);
  expect(times('1', 5, 3, 7)).toEqual([5, 5, 7]);
  expect(times('2', 1)).toEqual([1]);
});

it('leaves the end of a finished run as it is, since a lagging server may show an outdated one', () => {
  const withLatestChange = createLatestChange();
  const end = (updatedAt: number) =>
    withLatestChange(createRun({ id: '1', state: 'success', updatedAt })).updatedAt;
  expect([end(5), end(3)]).toEqual([5, 3]);
});
