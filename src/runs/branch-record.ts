/** The known runs of one list: a branch's, or those of a pull request that name no branch. */
import { COMPLETE, coverageDownTo, extendCoverage, NO_COVERAGE, type Coverage } from '../resolve/coverage.ts';
import { compareRuns, newestOf, oldestOf } from '../resolve/run-order.ts';
import type { Run } from '../resolve/types.ts';
import type { Cursor, RunPage } from '../ci/provider.ts';

/** Immutable: replaced when anything about the run changes. */
export interface KnownRun {
  readonly run: Run;
  /** As in `RunStanding`, except for later confirmations by the listing's first page. */
  readonly confirmedAt: number;
  readonly pushedBy: number;
}

/** How far a branch's own list has been read, page by page. */
export interface Reading {
  /**
   * Where the list begins; undefined: at the newest run. Some providers end a list early and start another.
   */
  readonly start: Cursor | undefined;
  /** The page for the next look-up. */
  readonly next: Cursor | undefined;
  /** Number of this list's pages that were read. */
  readonly depth: number;
  /** Length of this list at the last look-up. */
  readonly total: number | undefined;
  /** Number of pages that were read from all the branch's lists. */
  readonly pages: number;
}

const UNREAD: Reading = { start: undefined, next: undefined, depth: 0, total: undefined, pages: 0 };

interface Span {
  readonly first: number;
  readonly last: number;
}

/** Limits the pages of a branch's own lists that are read to decide about it. */
const MAX_PAGES = 60;
/** The minimum number of newest runs kept per branch. At 1.5 times as many, the others are dropped. */
const KEPT_RUNS = 200;
const ROOM = 1.5;

const MINUTE = 60_000;
const LOOK_AGAIN_SOONEST = 10 * MINUTE;
const LOOK_AGAIN_WHILE_NOT_GREEN = 30 * MINUTE;
const LOOK_AGAIN_LATEST = 24 * 60 * MINUTE;

export class BranchRecord {
  /** By the run's id. */
  readonly runs = new Map<string, KnownRun>();
  /** The coverage of look-ups alone. */
  #own: Coverage = NO_COVERAGE;
  /** True if runs that the listing has shown may have been dropped since, so that only look-ups count. */
  #isPartial: boolean;
  #reading: Reading = UNREAD;
  /** Number of runs to keep, because that many had to be read to decide about the branch. */
  #wanted = 0;
  /** Milliseconds since the epoch; undefined: never. */
  #lookedUp: Span | undefined;

  /**
   * @param evicted the list may have been evicted, so the listing does not prove that its runs are complete
   */
  constructor(evicted: boolean) {
    this.#isPartial = evicted;
  }

  /** How far the list was read; undefined once the limit is reached. */
  get reading(): Reading | undefined {
    return this.#reading.pages < MAX_PAGES ? this.#reading : undefined;
  }

  allRuns(): Run[] {
    return [...this.runs.values()].map(({ run }) => run);
  }

  /** Runs were missed or lost, so look-ups start over. */
  resetCoverage(evicted: boolean): void {
    this.#isPartial ||= evicted;
    this.#own = NO_COVERAGE;
    this.#reading = UNREAD;
  }

  /** The list has changed since it was read, so the next page to be noted is its first one again. */
  restartReading(evicted: boolean): void {
    const { pages, start } = this.#reading;
    if (start === undefined) this.resetCoverage(evicted);
    this.#reading = { ...UNREAD, start, next: start, pages };
  }

  /** Notes how far the next page of the list reaches. */
  noteRead({ runs, next, restarts, total }: RunPage): void {
    const pages = this.#reading.pages + 1;
    this.#wanted = Math.max(this.#wanted, this.runs.size);
    this.#own = next === undefined ? COMPLETE : extendCoverage(this.#own, coverageDownTo(oldestOf(runs)));
    this.#reading =
      restarts === true
        ? { ...UNREAD, start: next, next, pages }
        : { ...this.#reading, next, depth: this.#reading.depth + 1, total, pages };
  }

  /**
   * Measures from when the branch was first seen, since the listing does not come from a lagging index. A
   * look-up by another replica may be hours old, and is dated accordingly.
   * @param at when the call began, milliseconds since the epoch
   */
  noteLookUp(at: number): void {
    const known = [...this.runs.values()].map(({ confirmedAt }) => confirmedAt);
    this.#lookedUp = { first: this.#lookedUp?.first ?? Math.min(at, ...known), last: at };
  }

  /** @param listed coverage of the listing @returns coverage of the branch's runs */
  coverage(listed: Coverage): Coverage {
    return this.#isPartial ? this.#own : extendCoverage(this.#own, listed);
  }

  /** Drops the older runs of a branch that has very many. @returns the dropped runs */
  trim(): Run[] {
    const kept = Math.max(KEPT_RUNS, this.#wanted);
    if (this.runs.size <= kept * ROOM) return [];
    const dropped = this.allRuns()
      .toSorted((a, b) => compareRuns(b, a))
      .slice(kept);
    for (const run of dropped) this.runs.delete(run.id);
    this.#own = coverageDownTo(newestOf(dropped));
    this.#isPartial = true;
    this.#reading = UNREAD;
    return dropped;
  }

  /**
   * Whether the branch's own list should be read again.
   *
   * GitHub serves filtered lists from an index that may lag behind (dawidd6/action-download-artifact#147), so
   * the list is read again after some minutes, and then less and less often. It is also the only place where
   * re-runs of old runs appear. Runs that only the listing has shown are therefore looked up too once they
   * have left its first page, more often while the branch has no green build.
   * @param isListed whether the listing's first page shows the run
   * @param at milliseconds since the epoch
   */
  isLookUpDue(isListed: (run: Run) => boolean, at: number): boolean {
    const seen = this.#lookedUp ?? this.#seenInListing(isListed);
    if (seen === undefined) return false;
    const { first, last } = seen;
    // The clock was set back.
    if (at < last) return true;
    const soonest =
      this.#lookedUp === undefined ? LOOK_AGAIN_LATEST : Math.max(LOOK_AGAIN_SOONEST, 2 * (last - first));
    if (at - last < Math.min(soonest, LOOK_AGAIN_WHILE_NOT_GREEN)) return false;
    const latest = isNewestGreen(this.allRuns()) ? LOOK_AGAIN_LATEST : LOOK_AGAIN_WHILE_NOT_GREEN;
    return at - last >= Math.min(latest, soonest);
  }

  /** When the state of a run that has left the first page was last seen; undefined if none has left it. */
  #seenInListing(isListed: (run: Run) => boolean): Span | undefined {
    const unlisted = [...this.runs.values()].filter(({ run }) => run.refKind !== 'tag' && !isListed(run));
    const last = Math.min(...unlisted.map(({ confirmedAt }) => confirmedAt));
    return unlisted.length === 0 ? undefined : { first: last, last };
  }
}

/**
 * True if the newest run of each workflow is green. Which workflows count differs by project, so while any of
 * them is not green, a re-run may make a newer build.
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
