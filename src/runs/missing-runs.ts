/** Which known runs a listing should show: those that it does not show were deleted. Pure. */
import { compareText } from '../resolve/run-order.ts';
import type { Run } from '../resolve/types.ts';

/** Where a run stands; `tie` is null where it could not be read. */
export interface Place {
  readonly position: number;
  readonly tie: string | null;
}

export type IsMissing = (run: Place) => boolean;

/**
 * Returns which runs should be among those of a listing.
 * @param whole the listing shows every run
 */
export function missingFrom(all: readonly Run[], whole: boolean): IsMissing {
  if (whole) return () => true;
  const end = endOf(all);
  return (run) => end !== undefined && isAbove(run, end);
}

/** Returns which runs should be among pages from the middle of a listing. */
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
 * Returns the end of a page. GitHub lists runs of nearly the same time in the order of their ids. So a run is
 * certainly above or below the end only by position and by tie-break: those of the end may be of two runs.
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
