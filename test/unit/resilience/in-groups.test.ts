import { expect, it } from 'vitest';
import { inGroups } from '../../../src/resilience/in-groups.ts';

it('runs no more calls at once than a group has, and returns the results in order', async () => {
  let running = 0;
  let most = 0;
  const results = await inGroups([1, 2, 3, 4, 5], 2, async (one) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    return one * 10;
  });
  expect([results, most]).toEqual([[10, 20, 30, 40, 50], 2]);
});

it('starts no further group after an error', async () => {
  const seen: number[] = [];
  const call = async (one: number): Promise<void> => {
    seen.push(one);
    if (one === 1) throw new RangeError('one');
  };
  await expect(inGroups([1, 2, 3], 2, call)).rejects.toThrow('one');
  expect(seen).toEqual([1, 2]);
});
