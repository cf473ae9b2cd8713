/** The known contiguous part of a repository's listing, from its newest run back. Pure. */
import { COMPLETE, coverageDownTo, extendCoverage, isCovered, type Coverage } from '../resolve/coverage.ts';
import { newestOf, oldestOf } from '../resolve/run-order.ts';
import type { Run } from '../resolve/types.ts';
import type { ListedRuns } from './listing-reader.ts';
import type { Cursor, RunPage } from '../ci/provider.ts';

export interface Window {
  readonly coverage: Coverage;
  readonly newest: Run | undefined;
  /** Coverage of the listing's first page. A run below it may end without any refresh showing that. */
  readonly firstPage: Coverage;
  /** Where the listing continues below the window, for keyset paging. */
  readonly next: Cursor | undefined;
  /** True after a complete listing lacked known runs. It may be faulty, so the next starts a new window. */
  readonly isSuspect: boolean;
}

/**
 * True if a listing that reaches back to this run leaves no gap to the window. The run must be strictly older
 * than the newest known run, since other runs at that position may have been missed.
 */
export function isContiguous(window: Window | undefined, oldest: Run | undefined): boolean {
  if (window === undefined) return true;
  return oldest !== undefined && window.newest !== undefined && oldest.position < window.newest.position;
}

/**
 * @param before undefined if nothing has been listed yet
 * @param lacksKnown the listing lacks known runs
 */
export function mergeWindow(
  before: Window | undefined,
  first: RunPage,
  { runs, whole, next }: ListedRuns,
  lacksKnown: boolean,
): Window {
  const newest = newestOf([...(before?.newest ? [before.newest] : []), ...runs]);
  const isFirstPageAll = whole && first.runs.length === runs.length;
  const own = {
    newest,
    firstPage: isFirstPageAll ? COMPLETE : coverageDownTo(oldestOf(first.runs)),
    isSuspect: whole && lacksKnown,
  };
  if (whole) return { ...own, coverage: COMPLETE, next: undefined };
  const oldest = oldestOf(runs);
  return before !== undefined && !before.isSuspect && isContiguous(before, oldest)
    ? { ...own, coverage: before.coverage, next: before.next }
    : { ...own, coverage: coverageDownTo(oldest), next };
}

/**
 * Extends the window by older pages.
 * @param from the cursor that they were read from, if it proves that they begin at the window's end (keyset
 *   paging)
 * @returns undefined if they leave a gap
 */
export function extendWindow(
  window: Window,
  { runs, whole, next }: ListedRuns,
  from: Cursor | undefined,
): Window | undefined {
  const { coverage } = window;
  const newest = newestOf(runs);
  const meets =
    from === undefined
      ? coverage.kind === 'complete' || (newest !== undefined && isCovered(newest.position, coverage))
      : from === window.next;
  if (!meets) return undefined;
  const older = whole ? COMPLETE : coverageDownTo(oldestOf(runs));
  return { ...window, coverage: extendCoverage(coverage, older), next };
}

/** @param changed all changes since the window was last extended, including every new run */
export function raiseWindow(window: Window, changed: readonly Run[]): Window {
  const newest = newestOf([...(window.newest ? [window.newest] : []), ...changed]);
  return { ...window, newest };
}
