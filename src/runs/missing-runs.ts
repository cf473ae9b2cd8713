/** Which of the runs that are known a listing should show: if it does not, they were deleted. Pure. */
import { compareIds } from '../resolve/select-builds.ts';
import type { Run } from '../resolve/types.ts';
import { newestOf, oldestOf } from './branch-runs.ts';

/** The id is null where it could not be read: then the time alone tells. */
export interface Ordered {
  readonly id: string | null;
  readonly createdAt: number;
}

/**
 * Which runs should be among a listing's. Neighbours that were created at nearly the same time may come in the order of their ids:
 * only what is newer than the whole page by both is missed.
 */
export function missingFrom(all: readonly Run[], whole: boolean): (run: Ordered) => boolean {
  if (whole) return () => true;
  const oldest = oldestOf(all);
  const [least] = all.map((run) => run.id).toSorted(compareIds);
  return ({ id, createdAt }) =>
    createdAt > oldest && (id === null || (least !== undefined && compareIds(id, least) > 0));
}

/** Which runs should be among pages from the midst of a listing. */
export function missingWithin(all: readonly Run[]): (run: Ordered) => boolean {
  const isNotTooOld = missingFrom(all, false);
  const newest = newestOf(all);
  const most = all
    .map((run) => run.id)
    .toSorted(compareIds)
    .at(-1);
  return (run) =>
    isNotTooOld(run) &&
    run.createdAt < newest &&
    (run.id === null || (most !== undefined && compareIds(run.id, most) < 0));
}
