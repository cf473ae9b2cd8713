/** What has been learnt of one repository's runs: a contiguous window of the listing, and what single look-ups added. */
import { LRUCache } from 'lru-cache';
import type { RunPage } from '../resolve/ports.ts';
import type { Run } from '../resolve/types.ts';
import { bounded } from './bounded.ts';

/** Branches that nobody asks for and CI no longer lists make room for others. */
const MAX_BRANCHES = 20_000;
/** GitHub's filtered lists end after as many. */
const MAX_RUNS_OF_BRANCH = 1000;
const MAX_BRANCH_PAGES = 10;

interface BranchRecord {
  readonly runs: Map<string, Run>;
  /** How far look-ups reached: as `since` of `BranchRuns`; undefined: as far as the window. */
  reached: number | null | undefined;
  /** The page that the next look-up reads. */
  nextPage: number;
  /** How long the branch's own list was at the last look-up. */
  total: number;
}

export interface KnownRuns {
  /**
   * Takes a listing of the newest runs, without a gap between its pages.
   * @param firstPage runs of its first page, which will be seen again at the next listing
   * @param all runs of all its pages
   * @param whole nothing older exists
   */
  takeListing(firstPage: readonly Run[], all: readonly Run[], whole: boolean): void;
  /** Whether a listing that reaches back to this run's creation leaves no gap to what is known. */
  meets(oldest: number): boolean;
  /** Takes the next page of a branch's own list. @param anew it is the first one once more */
  takeBranchPage(branch: string, page: RunPage, anew: boolean): void;
  /** Takes one run as it is now. */
  takeRun(run: Run): void;
  remove(run: Run): void;
  /** Undefined: neither listing nor look-up has shown the branch, and the listing does not show everything. */
  branch(name: string): { runs: readonly Run[]; since: number | null } | undefined;
  /** The page of the branch's own list that should be read next, from 1, and the list's length when the one before was. */
  nextLookUp(name: string): { page: number; total: number };
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
  /** Every run created at or after `since` is known; null: every run. Undefined: nothing was listed yet. */
  let window: { since: number | null; newest: number; firstPageOldest: number } | undefined;

  function record(name: string): BranchRecord {
    const found = branches.get(name);
    if (found !== undefined) return found;
    const created: BranchRecord = { runs: new Map(), reached: undefined, nextPage: 1, total: 0 };
    branches.set(name, created);
    return created;
  }

  function takeRun(run: Run): void {
    const { runs } = record(run.branch);
    const known = runs.get(run.id);
    if (known !== undefined && isOlderState(run, known)) return;
    runs.set(run.id, run);
    if (runs.size > MAX_RUNS_OF_BRANCH) dropOldest(runs);
  }

  function remove(run: Run): void {
    branches.peek(run.branch)?.runs.delete(run.id);
  }

  /** A run that the listing should show and does not was deleted. */
  function removeDeleted(all: readonly Run[], oldest: number): void {
    const listed = new Set(all.map((run) => run.id));
    for (const { runs } of branches.values()) {
      for (const run of runs.values()) if (run.createdAt > oldest && !listed.has(run.id)) remove(run);
    }
  }

  return {
    takeListing(firstPage, all, whole) {
      const oldest = oldestOf(all);
      removeDeleted(all, whole ? -Infinity : oldest);
      for (const run of all) takeRun(run);
      const joined = window !== undefined && meetsWindow(oldest, window.newest);
      if (!joined) for (const entry of branches.values()) forgetReach(entry);
      window = {
        // Runs created in the same second as the oldest may lie on the next page.
        since: whole ? null : joined && window !== undefined ? window.since : oldest + 1,
        newest: Math.max(window?.newest ?? -Infinity, ...all.map((run) => run.createdAt)),
        firstPageOldest: whole && firstPage.length === all.length ? -Infinity : oldestOf(firstPage),
      };
    },
    meets: (oldest) => window === undefined || meetsWindow(oldest, window.newest),
    takeBranchPage(name, { runs, more: follows, total }, anew) {
      for (const run of runs) takeRun(run);
      const entry = record(name);
      if (anew) forgetReach(entry);
      entry.total = total;
      const more = follows && entry.nextPage < MAX_BRANCH_PAGES;
      entry.reached =
        more && runs.length > 0 ? Math.min(oldestOf(runs) + 1, entry.reached ?? Infinity) : null;
      entry.nextPage += 1;
    },
    takeRun,
    remove,
    branch(name) {
      const entry = branches.get(name);
      const since = entry?.reached === undefined ? window?.since : entry.reached;
      if (since === undefined || (entry === undefined && (since !== null || evicted))) return undefined;
      return { runs: [...(entry?.runs.values() ?? [])], since };
    },
    nextLookUp(name) {
      const entry = branches.peek(name);
      return { page: entry?.nextPage ?? 1, total: entry?.total ?? 0 };
    },
    unlistedRunning: (name) =>
      [...(branches.peek(name)?.runs.values() ?? [])].filter(
        (run) => run.state === 'running' && window !== undefined && run.createdAt <= window.firstPageOldest,
      ),
  };
}

/** Filtered lists are served from an index that may lag behind: an attempt and its last change only ever go forward. */
function isOlderState(run: Run, known: Run): boolean {
  return run.attempt === known.attempt ? run.updatedAt < known.updatedAt : run.attempt < known.attempt;
}

/** Between the look-up and now, runs went by unseen. */
function forgetReach(entry: BranchRecord): void {
  entry.reached = undefined;
  entry.nextPage = 1;
}

/** Strictly older: of the runs created in the newest known second, some may have been missed. */
function meetsWindow(oldest: number, newest: number): boolean {
  return oldest < newest;
}

function oldestOf(runs: readonly Run[]): number {
  return runs.reduce((oldest, run) => Math.min(oldest, run.createdAt), Infinity);
}

function dropOldest(runs: Map<string, Run>): void {
  const oldest = [...runs.values()].reduce((a, b) => (b.createdAt < a.createdAt ? b : a));
  runs.delete(oldest.id);
}
