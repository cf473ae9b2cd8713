import { expect, test } from 'vitest';
import { AdaptiveFreshness } from '../../../src/runs/adaptive-freshness.ts';

test.each([
  [5000, 15_000],
  [1000, 15_000],
  [500, 157_500],
  [0, 300_000],
])('%i of 5,000 calls left: a listing is good for %i ms', (remaining, expected) => {
  const freshness = new AdaptiveFreshness(15_000, 300_000, () => 0);
  freshness.observe(remaining, 5000, Infinity);
  expect(freshness.freshFor()).toBe(expected);
});

test("a project's own window widens like the connection's", () => {
  const freshness = new AdaptiveFreshness(15_000, 300_000, () => 0);
  expect(freshness.freshFor(60_000)).toBe(60_000);
  freshness.observe(500, 5000, Infinity);
  expect(freshness.freshFor(60_000)).toBe(180_000);
  freshness.observe(0, 5000, Infinity);
  expect(freshness.freshFor(60_000)).toBe(300_000);
});

test('the window does not widen without a known quota', () => {
  const freshness = new AdaptiveFreshness(15_000, 300_000, () => 0);
  expect(freshness.freshFor()).toBe(15_000);
  freshness.observe(0, 0, Infinity);
  expect(freshness.freshFor()).toBe(15_000);
});

test('the window narrows when the quota recovers', () => {
  const freshness = new AdaptiveFreshness(15_000, 300_000, () => 0);
  freshness.observe(0, 5000, Infinity);
  freshness.observe(5000, 5000, Infinity);
  expect(freshness.freshFor()).toBe(15_000);
});

test('the window narrows when the quota window ends, even without a call to CI', () => {
  let now = 0;
  const freshness = new AdaptiveFreshness(15_000, 300_000, () => now);
  freshness.observe(0, 5000, 3_600_000);
  now = 3_599_999;
  expect(freshness.freshFor()).toBe(300_000);
  now = 3_600_000;
  expect(freshness.freshFor()).toBe(15_000);
});

test.each([
  [1, 60_000],
  [8, 60_000],
  [16, 115_200],
  [100, 300_000],
])(
  '%i repositories under a limit of 1,000 calls an hour: listings use half of it, %i ms',
  (many, expected) => {
    const freshness = new AdaptiveFreshness(60_000, 300_000, () => 0, 1000);
    freshness.repositories = many;
    expect(freshness.freshFor()).toBe(expected);
  },
);

test("a project's own window does not depend on the number of repositories", () => {
  const freshness = new AdaptiveFreshness(60_000, 300_000, () => 0, 1000);
  freshness.repositories = 100;
  expect(freshness.freshFor(30_000)).toBe(30_000);
});
