/** What has been learnt of one repository's runs: a contiguous window of the listing, and what single look-ups added. */
import { LRUCache } from 'lru-cache';
import type { Run } from '../resolve/types.ts';

/** Branches that nobody asks for and CI no longer lists make room for others. */
const MAX_BRANCHES = 20_000;
/** GitHub's filtered lists end after as many. */
const MAX_RUNS_OF_BRANCH = 1000;

interface BranchRecord {
  readonly runs: Map<string, Run>;
  /** How far look-ups reached: as `since` of `BranchRuns`; undefined: as far as the window. */
  reached: number | null | undefined;
  /** The page that the next look-up reads. */
  nextPage: number;
}

export interface KnownRuns {
  /**
   * Takes a listing of the newest runs.
   * @param firstPage runs of its first page, by which deletions are noticed: pages of one listing can shift against each other
   * @param all runs of all its pages
   * @param whole nothing older exists
   */
  takeListing(firstPage: readonly Run[], all: readonly Run[], whole: boolean): void;
  /** Whether a listing that reaches back to this run's creation leaves no gap to what is known. */
  meets(oldest: number): boolean;
  /** Takes a page of a branch's own list. @param more older ones exist */
  takeBranchPage(branch: string, runs: readonly Run[], more: boolean): void;
  /** Takes one run as it is now. */
  takeRun(run: Run): void;
  remove(run: Run): void;
  /** Undefined: neither listing nor look-up has shown the branch, and the listing does not show everything. */
  branch(name: string): { runs: readonly Run[]; since: number | null } | undefined;
  /** The page that a look-up of the branch should read next, from 1. */
  nextPage(name: string): number;
  /** Runs that have not finished and that the listing's first page no longer shows. */
  unlistedRunning(): Run[];
}

export function createKnownRuns(): KnownRuns {
  const running = new Map<string, Run>();
  /** A branch that made room is unknown again, even where the window once showed everything. */
  let evicted = false;
  const branches = new LRUCache<string, BranchRecord>({
    max: MAX_BRANCHES,
    dispose(entry) {
      evicted = true;
      for (const id of entry.runs.keys()) running.delete(id);
    },
  });
  /** Every run created at or after `since` is known; null: every run. Undefined: nothing was listed yet. */
  let window: { since: number | null; newest: number; firstPageOldest: number } | undefined;

  function record(name: string): BranchRecord {
    const found = branches.get(name);
    if (found !== undefined) return found;
    const created: BranchRecord = { runs: new Map(), reached: undefined, nextPage: 1 };
    branches.set(name, created);
    return created;
  }

  function takeRun(run: Run): void {
    const { runs } = record(run.branch);
    const known = runs.get(run.id);
    if (known !== undefined && isOlderState(run, known)) return;
    runs.set(run.id, run);
    if (run.state === 'running') running.set(run.id, run);
    else running.delete(run.id);
    if (runs.size > MAX_RUNS_OF_BRANCH) dropOldest(runs, running);
  }

  function remove(run: Run): void {
    branches.peek(run.branch)?.runs.delete(run.id);
    running.delete(run.id);
  }

  /** A run that the listing's first page should show and does not was deleted. */
  function removeDeleted(firstPage: readonly Run[], oldest: number): void {
    const listed = new Set(firstPage.map((run) => run.id));
    for (const { runs } of branches.values()) {
      for (const run of runs.values()) if (run.createdAt > oldest && !listed.has(run.id)) remove(run);
    }
  }

  return {
    takeListing(firstPage, all, whole) {
      const oldest = oldestOf(all);
      const firstPageOldest = whole && firstPage.length === all.length ? -Infinity : oldestOf(firstPage);
      removeDeleted(firstPage, firstPageOldest);
      for (const run of all) takeRun(run);
      const joined = window !== undefined && meetsWindow(oldest, window.newest);
      if (!joined) for (const entry of branches.values()) forgetReach(entry);
      window = {
        // Runs created in the same second as the oldest may lie on the next page.
        since: whole ? null : joined && window !== undefined ? window.since : oldest + 1,
        newest: Math.max(window?.newest ?? -Infinity, ...all.map((run) => run.createdAt)),
        firstPageOldest,
      };
    },
    meets: (oldest) => window === undefined || meetsWindow(oldest, window.newest),
    takeBranchPage(name, runs, more) {
      for (const run of runs) takeRun(run);
      const entry = record(name);
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
    nextPage: (name) => branches.peek(name)?.nextPage ?? 1,
    unlistedRunning: () =>
      [...running.values()].filter((run) => window !== undefined && run.createdAt <= window.firstPageOldest),
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

function dropOldest(runs: Map<string, Run>, running: Map<string, Run>): void {
  const oldest = [...runs.values()].reduce((a, b) => (b.createdAt < a.createdAt ? b : a));
  runs.delete(oldest.id);
  running.delete(oldest.id);
}
