import { expect, it } from 'vitest';
import { endOf, isBelow, missingFrom, missingWithin, type Place } from '../../../src/runs/missing-runs.ts';
import { createRun } from '../../fixtures/builders.ts';

/** The tie-breaks are not in the order of the positions. */
const ALL = [
  createRun({ id: '1', position: 6000, tie: 'd' }),
  createRun({ id: '2', position: 5000, tie: 'b' }),
  createRun({ id: '3', position: 4000, tie: 'c' }),
];

it.each<[position: number, tie: string | null, isMissing: boolean]>([
  [4001, 'b', true],
  [4001, null, true],
  [4000, 'c', false],
  [4001, 'a', false],
  [7000, 'e', true],
])('a run at %i with tie-break %s that the newest pages lack was deleted: %s', (position, tie, isMissing) => {
  expect(missingFrom(ALL, false)({ position, tie })).toBe(isMissing);
  expect(missingFrom(ALL, true)({ position, tie })).toBe(true);
  expect(missingFrom([], false)({ position, tie })).toBe(false);
});

it.each<[position: number, tie: string | null, isMissing: boolean]>([
  [5999, 'd', true],
  [5999, null, true],
  [6000, 'd', false],
  [5999, 'e', false],
  [4000, 'c', false],
])(
  'a run at %i with tie-break %s that pages from the middle lack was deleted: %s',
  (position, tie, isMissing) => {
    expect(missingWithin(ALL)({ position, tie })).toBe(isMissing);
  },
);

it.each<[position: number, tie: string | null, isOlder: boolean]>([
  [4000, 'b', true],
  [3000, null, true],
  [4000, 'c', false],
  [4001, 'a', false],
])('a run at %i with tie-break %s is older than the whole page: %s', (position, tie, isOlder) => {
  const end = endOf(ALL);
  expect(end).toEqual<Place>({ position: 4000, tie: 'b' });
  expect(end && isBelow({ position, tie }, end)).toBe(isOlder);
});
