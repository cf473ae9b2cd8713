/** What has been learnt of one repository's runs: a contiguous window of the listing, and what single look-ups added. */
import type { RunStanding, UnreadRun } from '../resolve/ports.ts';
import type { Run } from '../resolve/types.ts';
import {
  createBranchRecord,
  forgetReach,
  isLookUpDue,
  newestOf,
  noteRead,
  oldestOf,
  reachOf,
  readAnew,
  runsOf,
  type BranchRecord,
  type KnownRun,
  type Reading,
} from './branch-runs.ts';
import { createBranchTable, type Sighting } from './branch-table.ts';
import type { Listing } from './listing.ts';
import { missingFrom, missingWithin, type Ordered } from './missing-runs.ts';
import { createUnreadRuns } from './unread-runs.ts';
import type { RunPage } from '../ci/provider.ts';

/** So many pages of a branch's own list are read at most to decide about it. What lies beyond is not known. */
const MAX_BRANCH_PAGES = 60;

interface Window {
  /** Every run created at or after this moment is known; null: every run. */
  readonly since: number | null;
  readonly newest: number;
  /** What the next listing's first page will show at least. */
  readonly firstPageOldest: number;
  /** A listing that claimed to be the whole lacked runs that were known: it may have been a fault. */
  readonly doubtful: boolean;
}

/** The runs that the listing's first page shows, and when a call began that said so last. */
interface FirstPage {
  readonly ids: ReadonlySet<string>;
  /** Of those that it shows and that cannot be read. */
  readonly unread: ReadonlySet<string>;
  readonly confirmedAt: number;
}

/** What is known of a branch, as it was when it was asked for. */
export interface KnownBranch {
  readonly runs: readonly Run[];
  /** As in `BranchRuns`. */
  readonly since: number | null;
  /** Of one of `runs`, by its id. */
  readonly standing: (runId: string) => RunStanding;
}

export interface KnownRuns {
  /**
   * Takes a listing of the newest runs, without a gap between its pages.
   * @param firstPage will be seen again at the next listing
   * @param listing all its pages
   * @returns the branches of which something new was learnt
   */
  takeListing(firstPage: RunPage, listing: Listing, sighting: Sighting): Set<string>;
  /** The listing's first page is still as it was at the last listing, says a call that began then. */
  confirmFirstPage(askedAt: number): void;
  /** Takes older pages of the listing. @returns as `takeListing`; undefined: they leave a gap to what is known, and are not taken */
  takeOlder(older: Listing, sighting: Sighting): Set<string> | undefined;
  /** Takes the next page of a branch's own list. @param anew it is the first one once more */
  takeBranchPage(branch: string, page: RunPage, sighting: Sighting, anew: boolean): void;
  /** Takes the first page of a branch's own list once more: what was there before is still known. */
  takeLookUpAgain(branch: string, page: RunPage, sighting: Sighting): void;
  /** Takes one run as it is now. */
  takeRun(run: Run, sighting: Sighting): void;
  remove(branch: string, id: string): void;
  /** When a call began that told the run's state last, milliseconds since the epoch; undefined: the run is not known. */
  confirmedAt(run: Run): number | undefined;
  /** As in `RunSource`. */
  branchNames(): readonly string[];
  peekRuns(branch: string): readonly Run[];
  peekCommit(prefix: string): readonly Run[];
  peekNumber(number: string): readonly Run[];
  peekUnread(): readonly UnreadRun[];
  /** Nothing is known of any run. */
  isEmpty(): boolean;
  /** Whether a listing that reaches back to this run's creation leaves no gap to what is known. */
  meets(oldest: number): boolean;
  /** How many runs the listing has shown without a gap, those that were deleted since left out. */
  windowSize(): number;
  /** Branches that the listing has shown, the one with the newest run first. */
  listedBranches(): string[];
  /** Undefined: neither listing nor look-up has shown the branch, and the listing does not show everything. */
  branch(name: string): KnownBranch | undefined;
  /** How far the branch's own list was read; undefined: so far that it is not read on. */
  nextLookUp(name: string): Reading | undefined;
  /** Whether the branch's own list should be asked for what the listing does not show. */
  isLookUpDue(name: string, at: number): boolean;
  /** Runs of the branch that have not finished and that the listing's first page no longer shows. */
  unlistedRunning(name: string): Run[];
  /** Runs that are the branch's, or may be, and that could not be read where they were listed. */
  unread(name: string): readonly UnreadRun[];
  /** Those of them that have an id, which the listing's first page no longer shows. */
  unlistedUnread(name: string): readonly { readonly id: string; readonly createdAt: number | null }[];
}

export function createKnownRuns(): KnownRuns {
  const branches = createBranchTable();
  /** Undefined: nothing was listed yet. */
  let window: Window | undefined;
  let firstPage: FirstPage = { ids: new Set(), unread: new Set(), confirmedAt: -Infinity };
  const unread = createUnreadRuns();

  function takeRuns(runs: readonly Run[], sighting: Sighting): Set<string> {
    for (const { id } of runs) unread.settle(id);
    return new Set(runs.filter((run) => branches.take(run, sighting)).map((run) => run.branch));
  }

  /** A run that the listing should show and does not was deleted. @returns whether there was one */
  function removeDeleted(listing: Listing, isMissing: (run: Ordered) => boolean): boolean {
    // It may be any that is missed.
    if (listing.unread.some(({ id }) => id === null)) return false;
    const listed = new Set([...listing.runs, ...listing.unread].map((run) => run.id));
    unread.keep((id, createdAt) => (id !== null && listed.has(id)) || !isMissing({ id, createdAt }));
    let removed = false;
    for (const entry of branches.values()) {
      for (const { run } of entry.runs.values()) {
        if (listed.has(run.id) || !isMissing(run)) continue;
        branches.remove(run.branch, run.id);
        forgetReach(entry, branches.evicted);
        removed = true;
      }
    }
    return removed;
  }

  /** A replica of CI's that lags behind may show an older state than what is known. */
  function isAsListed(run: Run): boolean {
    return branches.peek(run.branch)?.runs.get(run.id)?.run === run;
  }

  function standingOf({ confirmedAt, pushedBy, run }: KnownRun, listed: FirstPage): RunStanding {
    return { confirmedAt: listed.ids.has(run.id) ? listed.confirmedAt : confirmedAt, pushedBy };
  }

  return {
    takeListing(first, listing, sighting) {
      const { runs: all, whole } = listing;
      const oldest = oldestOf(all);
      const removed = removeDeleted(listing, missingFrom(all, whole));
      unread.take(listing.unread, newestOf(all));
      const changed = takeRuns(all, sighting);
      firstPage = {
        ids: new Set(first.runs.filter(isAsListed).map(({ id }) => id)),
        unread: new Set((first.unread ?? []).flatMap(({ id }) => id ?? [])),
        confirmedAt: sighting.askedAt,
      };
      for (const name of changed) branches.trim(name);
      branches.makeRoom();
      const joined = window !== undefined && meetsWindow(oldest, window);
      if (!joined) for (const entry of branches.values()) forgetReach(entry, branches.evicted);
      // Runs created in the same second as the oldest may lie on the next page.
      const inherited = joined && window !== undefined && !window.doubtful ? window.since : oldest + 1;
      window = {
        since: whole ? null : inherited,
        newest: Math.max(window?.newest ?? -Infinity, newestOf(all)),
        firstPageOldest: whole && first.runs.length === all.length ? -Infinity : oldestOf(first.runs),
        doubtful: whole && removed,
      };
      return changed;
    },
    confirmFirstPage(askedAt) {
      firstPage = { ...firstPage, confirmedAt: askedAt };
    },
    takeOlder(older, sighting) {
      const { runs, whole } = older;
      if (window === undefined) return undefined;
      const { since } = window;
      if (since !== null && newestOf(runs) < since) return undefined;
      removeDeleted(older, missingWithin(runs));
      unread.take(older.unread, newestOf(runs));
      const changed = takeRuns(runs, sighting);
      if (since !== null) window = { ...window, since: whole ? null : Math.min(since, oldestOf(runs) + 1) };
      return changed;
    },
    takeBranchPage(name, page, sighting, anew) {
      takeRuns(page.runs, { ...sighting, filtered: true });
      unread.take(page.unread ?? [], newestOf(page.runs), name);
      const entry = branches.record(name);
      if (anew) readAnew(entry, branches.evicted);
      noteRead(entry, page);
      noteLookUp(entry, sighting);
    },
    takeLookUpAgain(name, page, sighting) {
      takeRuns(page.runs, { ...sighting, filtered: true });
      unread.take(page.unread ?? [], newestOf(page.runs), name);
      noteLookUp(branches.record(name), sighting);
    },
    takeRun: (run, sighting) => void takeRuns([run], sighting),
    remove(branch, id) {
      branches.remove(branch, id);
      unread.settle(id);
    },
    confirmedAt(run) {
      const known = branches.peek(run.branch)?.runs.get(run.id);
      return known && standingOf(known, firstPage).confirmedAt;
    },
    branchNames: () => branches.names(),
    peekRuns(name) {
      const entry = branches.peek(name);
      return entry === undefined ? [] : runsOf(entry);
    },
    peekCommit: (prefix) => branches.findCommit(prefix),
    peekNumber: (number) => branches.findNumber(number),
    peekUnread: () => unread.all(),
    isEmpty: () => branches.size === 0,
    meets: (oldest) => window === undefined || meetsWindow(oldest, window),
    windowSize() {
      // With the oldest of them, as which others may have been created in the same second.
      const since = (window?.since ?? -Infinity) - 1;
      let size = 0;
      for (const { runs } of branches.values()) {
        for (const { run } of runs.values()) if (run.createdAt >= since) size += 1;
      }
      return size;
    },
    listedBranches: () =>
      [...branches.entries()]
        .map(([name, entry]): [string, number] => [name, newestOf(runsOf(entry).filter(isBranchs))])
        .filter(([, newest]) => newest > -Infinity)
        .toSorted(([, a], [, b]) => b - a)
        .map(([name]) => name),
    branch(name) {
      const entry = branches.get(name);
      const since = entry === undefined ? window?.since : reachOf(entry, window?.since);
      if (since === undefined || (entry === undefined && (since !== null || branches.evicted))) {
        return undefined;
      }
      const known = [...(entry?.runs.values() ?? [])];
      const listed = firstPage;
      return {
        runs: known.map(({ run }) => run),
        since,
        standing(runId) {
          const one = known.find(({ run }) => run.id === runId);
          if (one === undefined) throw new RangeError('only runs of the branch have a standing');
          return standingOf(one, listed);
        },
      };
    },
    nextLookUp(name) {
      const { reading } = branches.peek(name) ?? createBranchRecord(false);
      return reading.pages < MAX_BRANCH_PAGES ? reading : undefined;
    },
    isLookUpDue(name, at) {
      const entry = branches.peek(name);
      return entry !== undefined && isLookUpDue(entry, ({ id }) => firstPage.ids.has(id), at);
    },
    unread: (name) => unread.of(name),
    unlistedUnread: (name) =>
      unread
        .of(name)
        .flatMap(({ id, createdAt }) => (id === null || firstPage.unread.has(id) ? [] : [{ id, createdAt }])),
    unlistedRunning: (name) =>
      [...(branches.peek(name)?.runs.values() ?? [])]
        .map(({ run }) => run)
        .filter(
          (run) => run.state === 'running' && window !== undefined && run.createdAt <= window.firstPageOldest,
        ),
  };
}

function isBranchs({ refKind }: Run): boolean {
  return refKind !== 'tag';
}

/**
 * Reckoned from when something was first known of the branch: what the listing has told was no lagging index's word. Another replica's
 * look-up may be hours old, and is as old as it is.
 */
function noteLookUp(entry: BranchRecord, { askedAt: at }: Sighting): void {
  const known = [...entry.runs.values()].map(({ confirmedAt }) => confirmedAt);
  entry.lookedUp = { first: entry.lookedUp?.first ?? Math.min(at, ...known), last: at };
}

/** Strictly older: of the runs created in the newest known second, some may have been missed. */
function meetsWindow(oldest: number, { newest }: Window): boolean {
  return oldest < newest;
}
