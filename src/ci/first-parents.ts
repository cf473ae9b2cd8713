/** A branch's history for hosts without a log of pushes (`PushLog.fetchBranchPushes`). Pure. */
import type { Cursor } from './provider.ts';
import type { Push, PushPage } from './push-log.ts';

export interface ListedCommit {
  /** Full SHA, lower case. */
  readonly commit: string;
  /** When it was committed, milliseconds since the epoch. */
  readonly time: number;
  readonly firstParent: string | undefined;
}

/** Where a page begins. */
export interface HistoryStart {
  /** Full SHA. */
  readonly commit: string;
  /** The position of the page's first push is lower than this. */
  readonly below: number;
}

/** @throws RangeError for a cursor of something else */
export function parseHistoryCursor(cursor: Cursor): HistoryStart {
  const [, commit, below] = /^([0-9a-f]{40,64})@(-?\d+)$/.exec(cursor) ?? [];
  if (commit === undefined) throw new RangeError('expected a cursor that this push log returned');
  return { commit, below: Number(below) };
}

/**
 * Follows the first parents, since a merge brings in commits that never were the branch's head. Committers'
 * clocks may disagree with the order of commits, so a position is lowered where it would not fall.
 * @param commits a page of the host's list of commits, which includes merged ones
 * @returns no pushes if `start.commit` is not among the commits
 */
export function followFirstParents(
  branch: string,
  start: HistoryStart,
  commits: readonly ListedCommit[],
): Pick<PushPage, 'pushes' | 'next'> {
  const listed = new Map(commits.map((each) => [each.commit, each]));
  const pushes: Push[] = [];
  let { below } = start;
  let at: string | undefined = start.commit;
  for (let found = listed.get(at); found !== undefined; found = listed.get(at ?? '')) {
    below = Math.min(found.time, below - 1);
    pushes.push({ branch, commit: found.commit, position: below, tie: '' });
    at = found.firstParent;
  }
  const hasNext = pushes.length > 0 && at !== undefined;
  return { pushes, next: hasNext ? `${at}@${below}` : undefined };
}
