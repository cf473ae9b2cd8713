/**
 * The known runs of one repository: a contiguous window of the listing, plus the results of single branches'
 * look-ups (docs/development/run-index.md).
 */
import { COMPLETE, isCovered, NO_COVERAGE, type Coverage } from '../resolve/coverage.ts';
import type { BranchRuns, RunStanding, UnreadRun } from '../resolve/ports.ts';
import { compareRuns, newestOf, oldestOf } from '../resolve/run-order.ts';
import { isUnfinished } from '../resolve/run-state.ts';
import type { Run } from '../resolve/types.ts';
import { BranchRecord, type KnownRun, type Reading } from './branch-record.ts';
import { BranchTable, type Sighting } from './branch-table.ts';
import type { ListedRuns } from './listing-reader.ts';
import { missingFrom, missingWithin, type IsMissing } from './missing-runs.ts';
import { branchesOf, keyOf, keyOfRun, type RunList } from './run-list.ts';
import { UnreadRuns } from './unread-runs.ts';
import { extendWindow, isContiguous, mergeWindow, raiseWindow, type Window } from './window.ts';
import type { CiProvider, Cursor, RunChanges, RunPage } from '../ci/provider.ts';

/** The runs whose state each refresh confirms, and when the last one began. */
interface Confirmed {
  readonly runs: ReadonlySet<string>;
  /** Elements of the first page that could not be parsed. */
  readonly unread: ReadonlySet<string>;
  readonly at: number;
}

/** A snapshot of a branch's known runs. */
export type KnownBranch = Pick<Known, 'runs' | 'coverage' | 'standing'>;
type Known = Extract<BranchRuns, { kind: 'known' }>;

type ReadableTable = Pick<
  BranchTable,
  'size' | 'branchNames' | 'listedBranches' | 'branchlessRuns' | 'findCommit' | 'findNumber' | 'hasQueue'
>;

/** A run that has not finished, or that could not be parsed. */
export type Unfinished = Pick<UnreadRun, 'position' | 'createdAt'> & { readonly id: string };

export class KnownRuns {
  readonly #table = new BranchTable();
  readonly #unread = new UnreadRuns();
  readonly #listsAll: boolean;
  #window: Window | undefined;
  #confirmed: Confirmed = { runs: new Set(), unread: new Set(), at: 0 };

  constructor({ lists = 'all' }: Pick<CiProvider, 'lists'> = {}) {
    this.#listsAll = lists === 'all';
  }

  /**
   * Merges a contiguous listing of the newest runs.
   * @param first its first page, which each refresh reads
   * @returns branches that changed
   */
  mergeListing(first: RunPage, listing: ListedRuns, sighting: Sighting): Set<string> {
    const { runs, whole } = listing;
    const removed = this.#listsAll
      ? this.#removeDeleted(listing, missingFrom(runs, whole))
      : this.#removeReplaced(runs);
    this.#unread.add(listing.unread, newestOf(runs)?.position);
    const changed = this.#put(runs, sighting);
    this.#confirmed = {
      runs: new Set(first.runs.filter((run) => this.#isCurrent(run)).map(({ id }) => id)),
      unread: new Set((first.unread ?? []).flatMap(({ id }) => id ?? [])),
      at: sighting.askedAt,
    };
    for (const key of changed) this.#table.trim(key);
    this.#table.makeRoom();
    const before = this.#window;
    this.#window = mergeWindow(before, first, listing, removed);
    if (!this.#listsAll) {
      // Between the newest run and the one before it, others may have been missed.
      for (const key of changed) this.#table.peek(key)?.resetCoverage(this.#table.evicted);
    } else if (before === undefined || !isContiguous(before, oldestOf(runs))) {
      for (const record of this.#table.values()) record.resetCoverage(this.#table.evicted);
    }
    return branchesOf(changed);
  }

  /** Records that a refresh that began at this time found the first page unchanged. */
  confirmFirstPage(askedAt: number): void {
    this.#confirmed = { ...this.#confirmed, at: askedAt };
  }

  /**
   * Merges what has changed since the last refresh, oldest change first.
   * @param isEnd the changes are complete, so that all other runs of the first page are unchanged
   * @returns branches that changed
   */
  mergeChanges(changes: readonly RunChanges[], sighting: Sighting, isEnd: boolean): Set<string> {
    const runs = changes.flatMap((one) => one.runs);
    const unread = changes.flatMap((one) => one.unread ?? []);
    this.#unread.add(unread, newestOf(runs)?.position);
    const changed = this.#put(runs, sighting);
    for (const key of changed) this.#table.trim(key);
    if (isEnd) {
      this.#window = this.#window && raiseWindow(this.#window, runs);
      const current = runs.filter((run) => this.#isCurrent(run)).map(({ id }) => id);
      const confirmed = new Set([...this.#confirmed.runs, ...current]);
      this.#confirmed = { ...this.#confirmed, runs: confirmed, at: sighting.askedAt };
    }
    return branchesOf(changed);
  }

  /**
   * Merges older pages of the listing.
   * @param from the cursor that they were read from, if they are read in sequence
   * @returns branches that changed; undefined if the pages leave a gap to the window and are dropped
   */
  mergeOlder(older: ListedRuns, sighting: Sighting, from?: Cursor): Set<string> | undefined {
    const window = this.#window && extendWindow(this.#window, older, from);
    if (window === undefined) return undefined;
    if (this.#listsAll) this.#removeDeleted(older, missingWithin(older.runs));
    this.#unread.add(older.unread, newestOf(older.runs)?.position);
    this.#window = window;
    return branchesOf(this.#put(older.runs, sighting));
  }

  /** Merges the next page of a branch's list, or its first page `again` if the list has changed. */
  mergeBranchPage(list: RunList, page: RunPage, sighting: Sighting, again: boolean): void {
    const record = this.#mergeFiltered(list, page, sighting);
    if (again) record.restartReading(this.#table.evicted);
    record.noteRead(page);
    record.noteLookUp(sighting.askedAt);
  }

  /** Merges the first page of a branch's own list again, without changing coverage. */
  refreshBranch(list: RunList, page: RunPage, sighting: Sighting): void {
    this.#mergeFiltered(list, page, sighting).noteLookUp(sighting.askedAt);
  }

  mergeRun(run: Run, sighting: Sighting): void {
    this.#put([run], sighting);
  }

  remove(key: string, id: string): void {
    this.#table.remove(key, id);
    this.#unread.settle(id);
  }

  /** @returns undefined if the run is not known */
  standing(run: Run): RunStanding | undefined {
    const known = this.#table.peek(keyOfRun(run))?.runs.get(run.id);
    return known && standingOf(known, this.#confirmed);
  }

  /** What the listing covers. */
  get coverage(): Coverage {
    return this.#window?.coverage ?? NO_COVERAGE;
  }

  /** A read-only view of all known runs. */
  get table(): ReadableTable {
    return this.#table;
  }

  peekRuns(lists: readonly RunList[]): Run[] {
    return lists.flatMap((list) => this.#table.peek(keyOf(list))?.allRuns() ?? []);
  }

  peekUnread(): readonly UnreadRun[] {
    return this.#unread.all();
  }

  isContiguous(oldest: Run | undefined): boolean {
    return isContiguous(this.#window, oldest);
  }

  /** Where the listing continues below the window (keyset paging). */
  get next(): Cursor | undefined {
    return this.#window?.next;
  }

  /** Number of known runs in the window and at the position just below it. */
  windowSize(): number {
    const coverage = this.#window?.coverage ?? NO_COVERAGE;
    return this.#table.count(({ position }) => isCovered(position + 1, coverage));
  }

  /** @returns undefined if no listing or look-up has shown the list, and the listing does not cover it */
  list(list: RunList): KnownBranch | undefined {
    const record = this.#table.get(keyOf(list));
    const coverage = this.#coverageOf(record);
    if (coverage === undefined) return undefined;
    const known = [...(record?.runs.values() ?? [])];
    const confirmed = this.#confirmed;
    return {
      runs: known.map(({ run }) => run),
      coverage,
      standing(runId) {
        const one = known.find(({ run }) => run.id === runId);
        if (one === undefined) throw new RangeError('only runs of the branch have a standing');
        return standingOf(one, confirmed);
      },
    };
  }

  /** How far the branch's own list was read; undefined once the limit is reached. */
  nextLookUp(list: RunList): Reading | undefined {
    return (this.#table.peek(keyOf(list)) ?? new BranchRecord(false)).reading;
  }

  isLookUpDue(list: RunList, at: number): boolean {
    const record = this.#table.peek(keyOf(list));
    return record?.isLookUpDue(({ id }) => this.#confirmed.runs.has(id), at) === true;
  }

  /** Unparsable elements that belong to the list, or may. */
  unread(list: RunList): readonly UnreadRun[] {
    return this.#unread.of(list.kind === 'branch' ? list.name : undefined);
  }

  /** Unparsable elements that have an id and have left the listing's first page. */
  unlistedUnread(list: RunList): Unfinished[] {
    return this.unread(list).flatMap(({ id, position, createdAt }) =>
      id === null || this.#confirmed.unread.has(id) ? [] : [{ id, position, createdAt }],
    );
  }

  /** Unfinished runs that have left the listing's first page. */
  unlistedRunning(list: RunList): Run[] {
    const window = this.#window;
    if (window === undefined) return [];
    return this.peekRuns([list]).filter(
      (run) => isUnfinished(run) && !isCovered(run.position, window.firstPage),
    );
  }

  #coverageOf(record: BranchRecord | undefined): Coverage | undefined {
    const listed = (this.#listsAll && this.#window?.coverage) || NO_COVERAGE;
    if (record === undefined) {
      return listed.kind === 'complete' && !this.#table.evicted ? COMPLETE : undefined;
    }
    const coverage = record.coverage(listed);
    return coverage.kind === 'none' && this.#window === undefined ? undefined : coverage;
  }

  /** @returns keys of the lists that changed */
  #put(runs: readonly Run[], sighting: Sighting): Set<string> {
    for (const { id } of runs) this.#unread.settle(id);
    return new Set(runs.filter((run) => this.#table.put(run, sighting)).map(keyOfRun));
  }

  #mergeFiltered(list: RunList, page: RunPage, sighting: Sighting): BranchRecord {
    this.#put(page.runs, { ...sighting, filtered: true });
    const branch = list.kind === 'branch' ? list.name : undefined;
    this.#unread.add(page.unread ?? [], newestOf(page.runs)?.position, branch);
    return this.#table.record(keyOf(list));
  }

  /** Removes runs that the listing should show but does not. @returns whether there were any */
  #removeDeleted(listing: ListedRuns, isMissing: IsMissing): boolean {
    // An element without an id may be any of the missing runs.
    if (listing.unread.some(({ id }) => id === null)) return false;
    const listed = new Set([...listing.runs, ...listing.unread].flatMap(({ id }) => id ?? []));
    this.#unread.removeMissing(listed, isMissing);
    let removed = false;
    for (const [key, record] of this.#table.entries()) {
      for (const { run } of record.runs.values()) {
        if (listed.has(run.id) || !isMissing(run)) continue;
        this.#table.remove(key, run.id);
        record.resetCoverage(this.#table.evicted);
        removed = true;
      }
    }
    return removed;
  }

  /**
   * For a list of the newest run of each branch: removes runs above it. They are of commits that the branch
   * no longer has. @returns whether there were any
   */
  #removeReplaced(newest: readonly Run[]): boolean {
    let removed = false;
    for (const head of newest) {
      const key = keyOfRun(head);
      for (const { run } of this.#table.peek(key)?.runs.values() ?? []) {
        if (compareRuns(run, head) <= 0) continue;
        this.#table.remove(key, run.id);
        removed = true;
      }
    }
    return removed;
  }

  /** False for a state older than the known one, which a lagging replica of CI may report. */
  #isCurrent(run: Run): boolean {
    return this.#table.peek(keyOfRun(run))?.runs.get(run.id)?.run === run;
  }
}

function standingOf({ run, confirmedAt, pushedBy }: KnownRun, confirmed: Confirmed): RunStanding {
  return { confirmedAt: confirmed.runs.has(run.id) ? confirmed.at : confirmedAt, pushedBy };
}
