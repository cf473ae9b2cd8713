/** What has been learnt of one repository's runs: a contiguous window of the listing, and what single look-ups added. */
import { LRUCache } from 'lru-cache';
import type { RunPage } from '../resolve/ports.ts';
import { compareIds } from '../resolve/select-build.ts';
import type { Run } from '../resolve/types.ts';
import { bounded } from './bounded.ts';
import {
  createBranchRecord,
  forgetReach,
  isLookUpDue,
  newestOf,
  oldestOf,
  reachOf,
  trim,
  type BranchRecord,
} from './branch-record.ts';
import type { Listing } from './listing-reader.ts';

/** Branches that nobody asks for and CI no longer lists make room for others. */
const MAX_BRANCHES = 20_000;
const MAX_RUNS = 100_000;
/** GitHub's filtered lists end after 1,000 results. */
const MAX_BRANCH_PAGES = 10;

interface Window {
  /** Every run created at or after this moment is known; null: every run. */
  readonly since: number | null;
  readonly newest: number;
  /** What the next listing's first page will show at least. */
  readonly firstPageOldest: number;
  /** A listing that claimed to be the whole lacked runs that were known: it may have been a fault. */
  readonly doubtful: boolean;
}

export interface KnownRuns {
  /**
   * Takes a listing of the newest runs, without a gap between its pages.
   * @param firstPage runs of its first page, which will be seen again at the next listing
   * @param all runs of all its pages
   * @param whole nothing older exists
   * @returns the branches of which something new was learnt
   */
  takeListing(firstPage: readonly Run[], all: readonly Run[], whole: boolean): Set<string>;
  /** Takes older pages of the listing. @returns as `takeListing`; undefined: they leave a gap to what is known, and are not taken */
  takeOlder(older: Listing): Set<string> | undefined;
  /** Takes the next page of a branch's own list, read at `at`. @param anew it is the first one once more */
  takeBranchPage(branch: string, page: RunPage, at: number, anew: boolean): void;
  /** Takes the first page of a branch's own list once more: what was there before is still known. */
  takeLookUpAgain(branch: string, page: RunPage, at: number): void;
  /** Takes one run as it is now. */
  takeRun(run: Run): void;
  remove(run: Run): void;
  /** Nothing is known of any run. */
  isEmpty(): boolean;
  /** Whether a listing that reaches back to this run's creation leaves no gap to what is known. */
  meets(oldest: number): boolean;
  /** How many runs the listing has shown without a gap, those that were deleted since left out. */
  windowSize(): number;
  /** Branches that the listing has shown, the one with the newest run first. */
  listedBranches(): string[];
  /** Undefined: neither listing nor look-up has shown the branch, and the listing does not show everything. */
  branch(name: string): { runs: readonly Run[]; since: number | null } | undefined;
  /** The page of the branch's own list that should be read next, from 1, and the list's length when the one before was. */
  nextLookUp(name: string): { page: number; total: number };
  /** Whether what a look-up once told should be asked again: filtered lists may lag behind. */
  isLookUpDue(name: string, at: number): boolean;
  /** Runs of the branch that have not finished and that the listing's first page no longer shows. */
  unlistedRunning(name: string): Run[];
}

export function createKnownRuns(): KnownRuns {
  /** A branch that made room is unknown again, even where the window once showed everything. */
  let evicted = false;
  const branches = new LRUCache<string, BranchRecord>({
    ...bounded(MAX_BRANCHES),
    dispose() {
      evicted = true;
    },
  });
  /** Undefined: nothing was listed yet. */
  let window: Window | undefined;

  function record(name: string): BranchRecord {
    const found = branches.get(name);
    if (found !== undefined) return found;
    const created = createBranchRecord(evicted);
    branches.set(name, created);
    return created;
  }

  /** @returns whether it tells something new */
  function takeRun(run: Run): boolean {
    const { runs } = record(run.branch);
    const known = runs.get(run.id);
    if (known !== undefined && isOlderState(run, known)) return false;
    runs.set(run.id, run);
    return known?.attempt !== run.attempt || known.outcome !== run.outcome;
  }

  function takeRuns(runs: readonly Run[]): Set<string> {
    return new Set(runs.filter(takeRun).map((run) => run.branch));
  }

  /** A run that the listing should show and does not was deleted. @returns whether there was one */
  function removeDeleted(all: readonly Run[], isMissing: (run: Run) => boolean): boolean {
    const listed = new Set(all.map((run) => run.id));
    let removed = false;
    for (const entry of branches.values()) {
      for (const run of entry.runs.values()) {
        if (listed.has(run.id) || !isMissing(run)) continue;
        entry.runs.delete(run.id);
        forgetReach(entry, evicted);
        removed = true;
      }
    }
    return removed;
  }

  /** Branches that nobody has asked for, and the listing has not shown, for the longest make room. */
  function makeRoom(): void {
    let size = [...branches.values()].reduce((sum, { runs }) => sum + runs.size, 0);
    while (size > MAX_RUNS) size -= branches.pop()?.runs.size ?? size;
  }

  return {
    takeListing(firstPage, all, whole) {
      const oldest = oldestOf(all);
      const removed = removeDeleted(all, missingFrom(all, whole));
      const changed = takeRuns(all);
      for (const name of changed) trim(record(name));
      makeRoom();
      const joined = window !== undefined && meetsWindow(oldest, window);
      if (!joined) for (const entry of branches.values()) forgetReach(entry, evicted);
      // Runs created in the same second as the oldest may lie on the next page.
      const inherited = joined && window !== undefined && !window.doubtful ? window.since : oldest + 1;
      window = {
        since: whole ? null : inherited,
        newest: Math.max(window?.newest ?? -Infinity, newestOf(all)),
        firstPageOldest: whole && firstPage.length === all.length ? -Infinity : oldestOf(firstPage),
        doubtful: whole && removed,
      };
      return changed;
    },
    takeOlder({ runs, whole }) {
      if (window === undefined) return undefined;
      const { since } = window;
      if (since !== null && newestOf(runs) < since) return undefined;
      removeDeleted(runs, missingWithin(runs));
      const changed = takeRuns(runs);
      if (since !== null) window = { ...window, since: whole ? null : Math.min(since, oldestOf(runs) + 1) };
      return changed;
    },
    takeBranchPage(name, { runs, more: follows, total }, at, anew) {
      takeRuns(runs);
      const entry = record(name);
      if (anew) forgetReach(entry, evicted);
      entry.total = total;
      const more = follows && runs.length > 0 && entry.nextPage < MAX_BRANCH_PAGES;
      entry.reached = more ? Math.min(oldestOf(runs) + 1, entry.reached ?? Infinity) : null;
      entry.nextPage += 1;
      entry.lookedUp = { first: entry.lookedUp?.first ?? at, last: at };
    },
    takeLookUpAgain(name, { runs }, at) {
      takeRuns(runs);
      const entry = record(name);
      entry.lookedUp = { first: entry.lookedUp?.first ?? at, last: at };
    },
    takeRun,
    remove: (run) => void branches.peek(run.branch)?.runs.delete(run.id),
    isEmpty: () => branches.size === 0,
    meets: (oldest) => window === undefined || meetsWindow(oldest, window),
    windowSize() {
      // With the oldest of them, as which others may have been created in the same second.
      const since = (window?.since ?? -Infinity) - 1;
      let size = 0;
      for (const { runs } of branches.values()) {
        for (const run of runs.values()) if (run.createdAt >= since) size += 1;
      }
      return size;
    },
    listedBranches: () =>
      [...branches.entries()]
        .map(([name, { runs }]): [string, number] => [name, newestOf([...runs.values()])])
        .toSorted(([, a], [, b]) => b - a)
        .map(([name]) => name),
    branch(name) {
      const entry = branches.get(name);
      const since = entry === undefined ? window?.since : reachOf(entry, window?.since);
      if (since === undefined || (entry === undefined && (since !== null || evicted))) return undefined;
      return { runs: [...(entry?.runs.values() ?? [])], since };
    },
    nextLookUp(name) {
      const entry = branches.peek(name);
      return { page: entry?.nextPage ?? 1, total: entry?.total ?? 0 };
    },
    isLookUpDue: (name, at) => isLookUpDue(branches.peek(name), at),
    unlistedRunning: (name) =>
      [...(branches.peek(name)?.runs.values() ?? [])].filter(
        (run) => run.state === 'running' && window !== undefined && run.createdAt <= window.firstPageOldest,
      ),
  };
}

/**
 * Which runs should be among a listing's. Neighbours that were created at nearly the same time may come in the order of their ids:
 * only what is newer than the whole page by both is missed.
 */
function missingFrom(all: readonly Run[], whole: boolean): (run: Run) => boolean {
  if (whole) return () => true;
  const oldest = oldestOf(all);
  const [least] = all.map((run) => run.id).toSorted(compareIds);
  return (run) => run.createdAt > oldest && least !== undefined && compareIds(run.id, least) > 0;
}

/** Which runs should be among pages from the midst of a listing. */
function missingWithin(all: readonly Run[]): (run: Run) => boolean {
  const isNotTooOld = missingFrom(all, false);
  const newest = newestOf(all);
  const most = all
    .map((run) => run.id)
    .toSorted(compareIds)
    .at(-1);
  return (run) =>
    isNotTooOld(run) && run.createdAt < newest && most !== undefined && compareIds(run.id, most) < 0;
}

/** Filtered lists are served from an index that may lag behind: an attempt and its last change only ever go forward. */
function isOlderState(run: Run, known: Run): boolean {
  return run.attempt === known.attempt ? run.updatedAt < known.updatedAt : run.attempt < known.attempt;
}

/** Strictly older: of the runs created in the newest known second, some may have been missed. */
function meetsWindow(oldest: number, { newest }: Window): boolean {
  return oldest < newest;
}
