/** Finds known runs that a listing should show but does not, so they were deleted. Pure. */
import { compareText } from '../resolve/run-order.ts';
import type { Run } from '../resolve/types.ts';

/** A run's place in the listing; `tie` is null if it could not be read. */
export interface Place {
  readonly position: number;
  readonly tie: string | null;
}

export type IsMissing = (run: Place) => boolean;

/**
 * @param whole the listing shows every run
 * @returns a predicate for runs that the listing should show
 */
export function missingFrom(all: readonly Run[], whole: boolean): IsMissing {
  if (whole) return () => true;
  const end = endOf(all);
  return (run) => end !== undefined && isAbove(run, end);
}

/** @returns a predicate for runs that pages from the middle of a listing should show */
export function missingWithin(all: readonly Run[]): IsMissing {
  const isNotTooOld = missingFrom(all, false);
  const newest = Math.max(...all.map(({ position }) => position));
  const most =
    all
      .map(({ tie }) => tie)
      .toSorted(compareText)
      .at(-1) ?? '';
  return (run) => isNotTooOld(run) && run.position < newest && (run.tie === null || run.tie <= most);
}

/**
 * Returns the end of a page. GitHub orders runs created at nearly the same time by id, so a run is certainly
 * above or below the end only if both position and tie-break say so. The two may come from different runs.
 */
export function endOf(all: readonly Run[]): { readonly position: number; readonly tie: string } | undefined {
  const [tie] = all.map((run) => run.tie).toSorted(compareText);
  return tie === undefined ? undefined : { position: Math.min(...all.map(({ position }) => position)), tie };
}

type End = NonNullable<ReturnType<typeof endOf>>;

function isAbove({ position, tie }: Place, end: End): boolean {
  return position > end.position && (tie === null || tie >= end.tie);
}

export function isBelow({ position, tie }: Place, end: End): boolean {
  return position <= end.position && (tie === null || tie <= end.tie);
}
