import { describe, expect, test } from 'vitest';
import {
  COMPLETE,
  coverageDownTo,
  coversTime,
  extendCoverage,
  intersectCoverage,
  isCovered,
  NO_COVERAGE,
  type Coverage,
} from '../../../src/resolve/coverage.ts';

const NEAR: Coverage = { kind: 'since', position: 9, createdAt: 9000 };
const FAR: Coverage = { kind: 'since', position: 5, createdAt: 5000 };

describe('coverage', () => {
  test.each<[further: Coverage, nearer: Coverage]>([
    [COMPLETE, FAR],
    [FAR, NEAR],
    [NEAR, NO_COVERAGE],
    [COMPLETE, NO_COVERAGE],
  ])('%j reaches further than %j', (further, nearer) => {
    for (const [a, b] of [
      [further, nearer],
      [nearer, further],
    ] as const) {
      expect(extendCoverage(a, b)).toBe(further);
      expect(intersectCoverage(a, b)).toBe(nearer);
    }
  });

  test('starts above the oldest run, since more runs at its position may follow', () => {
    const oldest = { position: 5, createdAt: 5000, updatedAt: 7000 };
    const coverage = coverageDownTo(oldest);
    expect([isCovered(5, coverage), isCovered(6, coverage)]).toEqual([false, true]);
    expect([coversTime(coverage, 5000), coversTime(coverage, 5001)]).toEqual([false, true]);
    expect(coversTime(coverageDownTo({ ...oldest, createdAt: null }), 7000)).toBe(false);
    expect(coverageDownTo(undefined)).toBe(NO_COVERAGE);
  });

  test('covers everything if complete, nothing if none', () => {
    expect([isCovered(-1, COMPLETE), coversTime(COMPLETE, 0)]).toEqual([true, true]);
    expect([isCovered(9, NO_COVERAGE), coversTime(NO_COVERAGE, 9)]).toEqual([false, false]);
  });
});
