/** What is known of one branch's runs. */
import type { Run } from '../resolve/types.ts';

/** A run as it is known. A new one takes its place when something of it changes. */
export interface KnownRun {
  readonly run: Run;
  /** As in `RunStanding`, what the listing's first page confirms since left out. */
  readonly confirmedAt: number;
  readonly pushedBy: number;
}

export interface BranchRecord {
  /** By the run's id. */
  readonly runs: Map<string, KnownRun>;
  /** How far look-ups reached: as `since` of `BranchRuns`; undefined: as far as the listing's window. */
  reached: number | null | undefined;
  /** Runs that the listing has shown were dropped: only look-ups tell how far what is known reaches. */
  partial: boolean;
  /** The page that the next look-up reads. */
  nextPage: number;
  /** How long the branch's own list was at the last look-up. */
  total: number;
  /** Milliseconds since the epoch; undefined: it was never looked up. */
  lookedUp: { readonly first: number; readonly last: number } | undefined;
}

/** More runs of a branch than this are cut down to the newest `KEPT_RUNS`; a look further back brings them again. */
const MOST_RUNS = 300;
const KEPT_RUNS = 200;

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
    nextPage: 1,
    total: 0,
    lookedUp: undefined,
  };
}

/** Runs went by unseen, or were lost: look-ups begin anew. */
export function forgetReach(record: BranchRecord, evicted: boolean): void {
  record.partial ||= evicted;
  record.reached = record.partial ? Infinity : undefined;
  record.nextPage = 1;
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
  if (record.runs.size <= MOST_RUNS) return [];
  const dropped = runsOf(record)
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .slice(KEPT_RUNS);
  for (const run of dropped) record.runs.delete(run.id);
  record.reached = newestOf(dropped) + 1;
  record.partial = true;
  record.nextPage = 1;
  return dropped;
}

/**
 * A branch's own list is a filtered one, which GitHub serves from an index that may lag behind (dawidd6/action-download-artifact#147),
 * and the only place where a re-run of an old run shows. It is asked again after some minutes, and then less and less often; oftener
 * while the branch has no green run to show.
 */
export function isLookUpDue(record: BranchRecord | undefined, at: number): boolean {
  if (record?.lookedUp === undefined) return false;
  const { first, last } = record.lookedUp;
  const newest = runsOf(record).reduce<Run | undefined>(
    (a, b) => (a === undefined || b.createdAt > a.createdAt ? b : a),
    undefined,
  );
  const latest = newest?.state === 'success' ? LOOK_AGAIN_LATEST : LOOK_AGAIN_WHILE_NOT_GREEN;
  // A negative age: the clock was set back.
  return at < last || at - last >= Math.min(latest, Math.max(LOOK_AGAIN_SOONEST, 2 * (last - first)));
}

/** @returns milliseconds since the epoch; -Infinity for none */
export function newestOf(runs: readonly Run[]): number {
  return runs.reduce((newest, run) => Math.max(newest, run.createdAt), -Infinity);
}

/** @returns milliseconds since the epoch; Infinity for none */
export function oldestOf(runs: readonly Run[]): number {
  return runs.reduce((oldest, run) => Math.min(oldest, run.createdAt), Infinity);
}
