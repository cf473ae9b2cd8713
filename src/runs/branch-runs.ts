/** What is known of one branch's runs. */
import type { Run } from '../resolve/types.ts';
import type { RunPage } from '../ci/provider.ts';

/** A run as it is known. A new one takes its place when something of it changes. */
export interface KnownRun {
  readonly run: Run;
  /** As in `RunStanding`, what the listing's first page confirms since left out. */
  readonly confirmedAt: number;
  readonly pushedBy: number;
}

/** How far a branch's own list has been read, page by page. */
export interface Reading {
  /** The page that the next look-up reads, from 1. */
  readonly page: number;
  /** Of the runs that were created then or before, milliseconds since the epoch; undefined: of all. */
  readonly createdBy: number | undefined;
  /** How long the list was at the last look-up. */
  readonly total: number;
  /** Pages in all. */
  readonly pages: number;
}

const UNREAD: Reading = { page: 1, createdBy: undefined, total: 0, pages: 0 };

export interface BranchRecord {
  /** By the run's id. */
  readonly runs: Map<string, KnownRun>;
  /** How far look-ups reached: as `since` of `BranchRuns`; undefined: as far as the listing's window. */
  reached: number | null | undefined;
  /** Runs that the listing has shown were dropped: only look-ups tell how far what is known reaches. */
  partial: boolean;
  reading: Reading;
  /** So many runs had to be read to decide about the branch: they are kept. */
  wanted: number;
  /** Milliseconds since the epoch; undefined: it was never looked up. */
  lookedUp: { readonly first: number; readonly last: number } | undefined;
}

/** So many of a branch's newest runs are kept at least, and half as many again before they are cut down. */
const KEPT_RUNS = 200;
const ROOM = 1.5;

const MINUTE = 60_000;
const LOOK_AGAIN_SOONEST = 10 * MINUTE;
const LOOK_AGAIN_WHILE_NOT_GREEN = 30 * MINUTE;
const LOOK_AGAIN_LATEST = 24 * 60 * MINUTE;

/** @param evicted the branch may have been known before: what the listing's window once showed of it is lost */
export function createBranchRecord(evicted: boolean): BranchRecord {
  return {
    runs: new Map(),
    reached: evicted ? Infinity : undefined,
    partial: evicted,
    reading: UNREAD,
    wanted: 0,
    lookedUp: undefined,
  };
}

/** Runs went by unseen, or were lost: look-ups begin anew. */
export function forgetReach(record: BranchRecord, evicted: boolean): void {
  record.partial ||= evicted;
  record.reached = record.partial ? Infinity : undefined;
  record.reading = UNREAD;
}

/** The branch's own list has changed since: the next page that is noted is its first one once more. */
export function readAnew(record: BranchRecord, evicted: boolean): void {
  const { pages, createdBy } = record.reading;
  if (createdBy === undefined) forgetReach(record, evicted);
  record.reading = { ...record.reading, page: 1, pages };
}

/**
 * Notes how far the next page of the branch's own list reaches. Where the list is cut, the runs from there back are a list of their own:
 * its end is not the branch's.
 */
export function noteRead(record: BranchRecord, { runs, more, cut = false, total }: RunPage): void {
  const oldest = oldestOf(runs);
  const { reading } = record;
  const pages = reading.pages + 1;
  record.wanted = Math.max(record.wanted, record.runs.size);
  record.reached = more || cut ? Math.min(oldest + 1, record.reached ?? Infinity) : null;
  record.reading =
    cut && runs.length > 0
      ? { page: 1, createdBy: oldest, total: 0, pages }
      : { ...reading, page: reading.page + 1, total, pages };
}

/**
 * @param window how far the listing's window reaches; undefined: nothing was listed yet
 * @returns how far what is known of the branch reaches, as `since` of `BranchRuns`
 */
export function reachOf(
  { reached, partial }: BranchRecord,
  window: number | null | undefined,
): number | null | undefined {
  if (reached === undefined) return window;
  if (partial || window === undefined || reached === null) return reached;
  return window === null ? null : Math.min(reached, window);
}

/** @returns the run that was known */
export function takeOut({ runs }: BranchRecord, id: string): Run | undefined {
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
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .slice(kept);
  for (const run of dropped) record.runs.delete(run.id);
  record.reached = newestOf(dropped) + 1;
  record.partial = true;
  record.reading = UNREAD;
  return dropped;
}

/**
 * Whether a branch's own list should be asked (once more).
 *
 * It is a filtered list, which GitHub serves from an index that may lag behind (dawidd6/action-download-artifact#147): what it told is
 * asked again after some minutes, and then less and less often. And it is the only place where a re-run of an old run shows: so it is
 * asked as well for what the listing alone has told, when that has left the listing's first page; oftener while the branch has no green
 * build to show.
 * @param isListed whether the listing's first page shows the run
 * @param at milliseconds since the epoch
 */
export function isLookUpDue(record: BranchRecord, isListed: (run: Run) => boolean, at: number): boolean {
  const told = record.lookedUp ?? toldByListing(record, isListed);
  if (told === undefined) return false;
  const { first, last } = told;
  // A negative age: the clock was set back.
  if (at < last) return true;
  const soonest =
    record.lookedUp === undefined ? LOOK_AGAIN_LATEST : Math.max(LOOK_AGAIN_SOONEST, 2 * (last - first));
  if (at - last < Math.min(soonest, LOOK_AGAIN_WHILE_NOT_GREEN)) return false;
  const latest = isNewestGreen(runsOf(record)) ? LOOK_AGAIN_LATEST : LOOK_AGAIN_WHILE_NOT_GREEN;
  return at - last >= Math.min(latest, soonest);
}

/** When the state of what has left the first page was told; undefined: nothing has. */
function toldByListing({ runs }: BranchRecord, isListed: (run: Run) => boolean): BranchRecord['lookedUp'] {
  const unlisted = [...runs.values()].filter(({ run }) => run.refKind !== 'tag' && !isListed(run));
  const last = Math.min(...unlisted.map(({ confirmedAt }) => confirmedAt));
  return unlisted.length === 0 ? undefined : { first: last, last };
}

/**
 * Whether the newest run of each workflow is green. Which of them count differs between projects: as long as one is not, a re-run may
 * make a newer build.
 */
function isNewestGreen(runs: readonly Run[]): boolean {
  const newest = new Map<string, Run>();
  for (const run of runs) {
    if (run.refKind === 'tag') continue;
    const key = JSON.stringify([run.workflow, run.workflowId, run.event, run.origin]);
    const before = newest.get(key);
    if (before === undefined || run.createdAt >= before.createdAt) newest.set(key, run);
  }
  const states = [...newest.values()].map(({ state }) => state);
  return states.includes('success') && states.every((state) => state === 'success' || state === 'skipped');
}

/** @returns milliseconds since the epoch; -Infinity for none */
export function newestOf(runs: readonly Run[]): number {
  return runs.reduce((newest, run) => Math.max(newest, run.createdAt), -Infinity);
}

/** @returns milliseconds since the epoch; Infinity for none */
export function oldestOf(runs: readonly Run[]): number {
  return runs.reduce((oldest, run) => Math.min(oldest, run.createdAt), Infinity);
}
