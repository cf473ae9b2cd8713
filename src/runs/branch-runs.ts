/** What is known of one list's runs: a branch's, or those of a pull request that name no branch. */
import { COMPLETE, coverageDownTo, extendCoverage, NO_COVERAGE, type Coverage } from '../resolve/coverage.ts';
import { compareRuns, newestOf, oldestOf } from '../resolve/run-order.ts';
import type { Run } from '../resolve/types.ts';
import type { Cursor, RunPage } from '../ci/provider.ts';

/** A run as it is known. Replaced when anything about it changes. */
export interface KnownRun {
  readonly run: Run;
  /** As in `RunStanding`, except for later confirmations by the listing's first page. */
  readonly confirmedAt: number;
  readonly pushedBy: number;
}

/** How far a branch's own list has been read, page by page. */
export interface Reading {
  /** Where the list begins; undefined: at the branch's newest run. Some providers end a list early and begin another one. */
  readonly start: Cursor | undefined;
  /** The page that the next look-up reads. */
  readonly next: Cursor | undefined;
  /** Pages of this list that were read. */
  readonly depth: number;
  /** Length of this list at the last look-up. */
  readonly total: number | undefined;
  /** Pages of all the branch's lists that were read. */
  readonly pages: number;
}

const UNREAD: Reading = { start: undefined, next: undefined, depth: 0, total: undefined, pages: 0 };

export interface BranchRecord {
  /** By the run's id. */
  readonly runs: Map<string, KnownRun>;
  /** What look-ups cover. */
  own: Coverage;
  /** Runs that the listing has shown were dropped since, so only look-ups count. */
  isPartial: boolean;
  reading: Reading;
  /** Runs that had to be read to decide about the branch: so many are kept. */
  wanted: number;
  /** Milliseconds since the epoch; undefined: never. */
  lookedUp: { readonly first: number; readonly last: number } | undefined;
}

/** Newest runs of a branch that are kept at least. It is cut down to them when it holds half as many again. */
const KEPT_RUNS = 200;
const ROOM = 1.5;

const MINUTE = 60_000;
const LOOK_AGAIN_SOONEST = 10 * MINUTE;
const LOOK_AGAIN_WHILE_NOT_GREEN = 30 * MINUTE;
const LOOK_AGAIN_LATEST = 24 * 60 * MINUTE;

/** @param evicted the branch may have been evicted before: then the listing no longer proves that its runs are complete */
export function createBranchRecord(evicted: boolean): BranchRecord {
  return {
    runs: new Map(),
    own: NO_COVERAGE,
    isPartial: evicted,
    reading: UNREAD,
    wanted: 0,
    lookedUp: undefined,
  };
}

/** Runs were missed or lost: look-ups begin again. */
export function resetCoverage(record: BranchRecord, evicted: boolean): void {
  record.isPartial ||= evicted;
  record.own = NO_COVERAGE;
  record.reading = UNREAD;
}

/** The branch's own list has changed since it was read: the next page that is noted is its first one again. */
export function restartReading(record: BranchRecord, evicted: boolean): void {
  const { pages, start } = record.reading;
  if (start === undefined) resetCoverage(record, evicted);
  record.reading = { ...UNREAD, start, next: start, pages };
}

/** Notes how far the next page of the branch's own list reaches. */
export function noteRead(record: BranchRecord, { runs, next, restarts, total }: RunPage): void {
  const { reading } = record;
  const pages = reading.pages + 1;
  record.wanted = Math.max(record.wanted, record.runs.size);
  record.own = next === undefined ? COMPLETE : extendCoverage(record.own, coverageDownTo(oldestOf(runs)));
  record.reading =
    restarts === true
      ? { ...UNREAD, start: next, next, pages }
      : { ...reading, next, depth: reading.depth + 1, total, pages };
}

/**
 * Counts from when something was first known of the branch: what the listing has shown did not come from a lagging index. A look-up of
 * another replica may be hours old, and is dated so.
 * @param at when the call began, milliseconds since the epoch
 */
export function noteLookUp(record: BranchRecord, at: number): void {
  const known = [...record.runs.values()].map(({ confirmedAt }) => confirmedAt);
  record.lookedUp = { first: record.lookedUp?.first ?? Math.min(at, ...known), last: at };
}

/** @param listed what the listing covers @returns what is covered of the branch's runs */
export function coverageOf({ own, isPartial }: BranchRecord, listed: Coverage): Coverage {
  return isPartial ? own : extendCoverage(own, listed);
}

/** @returns the removed run */
export function removeRun({ runs }: BranchRecord, id: string): Run | undefined {
  const known = runs.get(id);
  runs.delete(id);
  return known?.run;
}

export function runsOf({ runs }: BranchRecord): Run[] {
  return [...runs.values()].map(({ run }) => run);
}

/** Keeps the newest runs of a branch that has very many. @returns the others */
export function trim(record: BranchRecord): Run[] {
  const kept = Math.max(KEPT_RUNS, record.wanted);
  if (record.runs.size <= kept * ROOM) return [];
  const dropped = runsOf(record)
    .toSorted((a, b) => compareRuns(b, a))
    .slice(kept);
  for (const run of dropped) record.runs.delete(run.id);
  record.own = coverageDownTo(newestOf(dropped));
  record.isPartial = true;
  record.reading = UNREAD;
  return dropped;
}

/**
 * Whether a branch's own list should be read again.
 *
 * It is a filtered list, which GitHub serves from an index that may lag behind (dawidd6/action-download-artifact#147): what it showed
 * is read again after some minutes, and then less and less often. It is also the only place where a re-run of an old run shows. So
 * runs that only the listing has shown are looked up as well once they have left its first page, more often while the branch has no
 * green build to show.
 * @param isListed whether the listing's first page shows the run
 * @param at milliseconds since the epoch
 */
export function isLookUpDue(record: BranchRecord, isListed: (run: Run) => boolean, at: number): boolean {
  const seen = record.lookedUp ?? seenInListing(record, isListed);
  if (seen === undefined) return false;
  const { first, last } = seen;
  // The clock was set back.
  if (at < last) return true;
  const soonest =
    record.lookedUp === undefined ? LOOK_AGAIN_LATEST : Math.max(LOOK_AGAIN_SOONEST, 2 * (last - first));
  if (at - last < Math.min(soonest, LOOK_AGAIN_WHILE_NOT_GREEN)) return false;
  const latest = isNewestGreen(runsOf(record)) ? LOOK_AGAIN_LATEST : LOOK_AGAIN_WHILE_NOT_GREEN;
  return at - last >= Math.min(latest, soonest);
}

/** When the state of a run that has left the first page was last seen; undefined: none has left it. */
function seenInListing({ runs }: BranchRecord, isListed: (run: Run) => boolean): BranchRecord['lookedUp'] {
  const unlisted = [...runs.values()].filter(({ run }) => run.refKind !== 'tag' && !isListed(run));
  const last = Math.min(...unlisted.map(({ confirmedAt }) => confirmedAt));
  return unlisted.length === 0 ? undefined : { first: last, last };
}

/**
 * Whether the newest run of each workflow is green. Projects differ in which workflows count: as long as one is not green, a re-run may
 * make a newer build.
 */
function isNewestGreen(runs: readonly Run[]): boolean {
  const newest = new Map<string, Run>();
  for (const run of runs) {
    if (run.refKind === 'tag') continue;
    const key = JSON.stringify([run.workflow, run.workflowId, run.event, run.origin]);
    const before = newest.get(key);
    if (before === undefined || compareRuns(run, before) >= 0) newest.set(key, run);
  }
  const states = [...newest.values()].map(({ state }) => state);
  return states.includes('success') && states.every((state) => state === 'success' || state === 'skipped');
}
