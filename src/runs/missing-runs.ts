/** Which known runs a listing should show: those that it does not show were deleted. Pure. */
import { compareText, newestOf, oldestOf } from '../resolve/run-order.ts';
import type { Run } from '../resolve/types.ts';

/** Where a run stands; `tie` is null where it could not be read. */
export interface Place {
  readonly position: number;
  readonly tie: string | null;
}

export type IsMissing = (run: Place) => boolean;

/**
 * Returns which runs should be among a listing's. GitHub lists runs of nearly the same time in the order of their ids: so only a run
 * that is newer than the whole page by position and by tie-break counts as missing.
 */
export function missingFrom(all: readonly Run[], whole: boolean): IsMissing {
  if (whole) return () => true;
  const oldest = oldestOf(all);
  const [least = ''] = tiesOf(all);
  return ({ position, tie }) =>
    oldest !== undefined && position > oldest.position && (tie === null || tie >= least);
}

/** Returns which runs should be among pages from the middle of a listing. */
export function missingWithin(all: readonly Run[]): IsMissing {
  const isNotTooOld = missingFrom(all, false);
  const newest = newestOf(all);
  const most = tiesOf(all).at(-1) ?? '';
  return (run) =>
    isNotTooOld(run) &&
    newest !== undefined &&
    run.position < newest.position &&
    (run.tie === null || run.tie <= most);
}

function tiesOf(runs: readonly Run[]): string[] {
  return runs.map(({ tie }) => tie).toSorted(compareText);
}
