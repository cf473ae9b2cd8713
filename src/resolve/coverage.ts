/**
 * Which part of a list of runs is known, counted from the newest run back. Positions compare only within one
 * listing, so a coverage means nothing for another connection or repository. Pure.
 */
import type { Run } from './types.ts';

export type Coverage =
  /** Any run may be missing. */
  | { readonly kind: 'none' }
  /**
   * No run at this position or above is missing, and none that was created at `createdAt` or later
   * (milliseconds since the epoch).
   */
  | { readonly kind: 'since'; readonly position: number; readonly createdAt: number }
  /** Every run that CI still has is known. */
  | { readonly kind: 'complete' };

export const NO_COVERAGE: Coverage = { kind: 'none' };
export const COMPLETE: Coverage = { kind: 'complete' };

type Place = Pick<Run, 'position' | 'createdAt' | 'updatedAt'>;

/**
 * @param oldest the oldest run of a list that is known from its beginning; undefined: the list is empty
 * @returns everything above that run's position, since the next page may have more runs at the same position
 */
export function coverageDownTo(oldest: Place | undefined): Coverage {
  if (oldest === undefined) return NO_COVERAGE;
  const { position, createdAt, updatedAt } = oldest;
  // Where CI reports no creation times, the run was created by its last change at the latest.
  return { kind: 'since', position: position + 1, createdAt: (createdAt ?? updatedAt) + 1 };
}

/** @returns whichever coverage reaches further back, for two lists that are both known */
export function extendCoverage(a: Coverage, b: Coverage): Coverage {
  return reachesFurther(a, b) ? a : b;
}

/** @returns the part that both coverages include, for two lists read as one */
export function intersectCoverage(a: Coverage, b: Coverage): Coverage {
  return reachesFurther(a, b) ? b : a;
}

export function isCovered(position: number, coverage: Coverage): boolean {
  if (coverage.kind === 'since') return position >= coverage.position;
  return coverage.kind === 'complete';
}

/**
 * @param createdAt milliseconds since the epoch
 * @returns true if no run created at that time or later can be missing
 */
export function coversTime(coverage: Coverage, createdAt: number): boolean {
  if (coverage.kind === 'since') return createdAt >= coverage.createdAt;
  return coverage.kind === 'complete';
}

export function isSameCoverage(a: Coverage, b: Coverage): boolean {
  return a.kind === b.kind && (a.kind !== 'since' || b.kind !== 'since' || a.position === b.position);
}

function reachesFurther(a: Coverage, b: Coverage): boolean {
  if (a.kind === 'complete' || b.kind === 'none') return true;
  return a.kind === 'since' && b.kind === 'since' && a.position <= b.position;
}
