/** Known runs, filed by list (`keyOfRun`). Bounded: the least recently used list is evicted first. */
import type { LRUCache } from 'lru-cache';
import { compareRuns, newestOf } from '../resolve/run-order.ts';
import type { Run } from '../resolve/types.ts';
import { imageCommit } from '../resolve/evaluate-build.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { BranchRecord, type KnownRun } from './branch-record.ts';
import { RunGroups } from './run-groups.ts';
import { branchOfKey, keyOfRun } from './run-list.ts';

const MAX_BRANCHES = 20_000;
const MAX_RUNS = 100_000;
const MAX_QUEUES = 1_000;
/**
 * The shortest prefix looked up: https://git-scm.com/docs/git-config#Documentation/git-config.txt-coreabbrev
 */
const PREFIX_DIGITS = 7;

/** The call that reported some runs. */
export interface Sighting {
  /** When the call began, milliseconds since the epoch, by our clock. */
  readonly askedAt: number;
  /** When its response arrived. */
  readonly seenAt: number;
  /** How far our clock is ahead of CI's, milliseconds; 0: unknown. */
  readonly ahead: number;
  /** The runs come from a filtered list, which may lag behind, so it confirms nothing already known. */
  readonly filtered?: boolean;
}

/** Called when a call begins; the function that it returns is called when the response has arrived. */
export type Sight = () => (asOf?: number) => Sighting;

export class BranchTable {
  readonly #records: LRUCache<string, BranchRecord>;
  /** Finds the commit that a short tag means. Numeric keys take less memory than text. */
  readonly #byPrefix = new RunGroups((run) => prefixOf(imageCommit(run)));
  /** Runs of other workflows may share a number. Built on first use, since few templates contain one. */
  #byNumber: RunGroups<string> | undefined;
  /** Branches whose merge queue has runs. */
  readonly #queues = createBoundedCache<true>(MAX_QUEUES);
  #evicted = false;
  #names: readonly string[] | undefined;

  constructor() {
    this.#records = createBoundedCache<BranchRecord>(MAX_BRANCHES, ({ runs }) => {
      this.#evicted = true;
      if (runs.size > 0) this.#names = undefined;
      for (const { run } of runs.values()) this.#unlist(run);
    });
  }

  /** True if a list was evicted: it is unknown again, even if the listing's window once covered it. */
  get evicted(): boolean {
    return this.#evicted;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Counts as use, unlike `peek`: the least recently used list is evicted first. */
  get(key: string): BranchRecord | undefined {
    return this.#records.get(key);
  }

  peek(key: string): BranchRecord | undefined {
    return this.#records.peek(key);
  }

  /** Creates the record if there is none. */
  record(key: string): BranchRecord {
    const found = this.#records.get(key);
    if (found !== undefined) return found;
    const created = new BranchRecord(this.#evicted);
    this.#records.set(key, created);
    return created;
  }

  values(): Iterable<BranchRecord> {
    return this.#records.values();
  }

  entries(): Iterable<[string, BranchRecord]> {
    return this.#records.entries();
  }

  /** Stores a run, unless a later state of it is known. @returns whether anything about it is new */
  put(run: Run, sighting: Sighting): boolean {
    const { runs } = this.record(keyOfRun(run));
    const before = runs.get(run.id);
    if (before !== undefined && isOlderState(run, before.run)) return false;
    if (runs.size === 0) this.#names = undefined;
    if (run.queuedFor !== undefined) this.#queues.set(run.queuedFor, true);
    runs.set(run.id, toKnownRun(run, before, sighting));
    if (before !== undefined) this.#unlist(before.run);
    this.#byPrefix.add(run);
    this.#byNumber?.add(run);
    return before === undefined || !isSameState(run, before.run);
  }

  remove(key: string, id: string): void {
    const record = this.#records.peek(key);
    const removed = record?.runs.get(id);
    record?.runs.delete(id);
    if (record !== undefined && removed !== undefined) this.#forget([removed.run], record);
  }

  /** Drops the older runs of a branch that has very many. */
  trim(key: string): void {
    const record = this.#records.peek(key);
    if (record !== undefined) this.#forget(record.trim(), record);
  }

  makeRoom(): void {
    let size = 0;
    for (const { runs } of this.#records.values()) size += runs.size;
    while (size > MAX_RUNS) size -= this.#records.pop()?.runs.size ?? size;
  }

  /** Branches with runs. Returns the same array until one comes or goes. */
  branchNames(): readonly string[] {
    this.#names ??= [...this.#records.entries()].flatMap(([key, { runs }]) =>
      runs.size > 0 ? (branchOfKey(key) ?? []) : [],
    );
    return this.#names;
  }

  /** Branches with runs that are not a tag's, the one with the newest run first. */
  listedBranches(): string[] {
    const newest = [...this.#records.entries()].flatMap(([key, record]) => {
      const run = newestOf(record.allRuns().filter(({ refKind }) => refKind !== 'tag'));
      const name = branchOfKey(key);
      return run === undefined || name === undefined ? [] : [{ name, run }];
    });
    return newest.toSorted((a, b) => compareRuns(b.run, a.run)).map(({ name }) => name);
  }

  count(isCounted: (run: Run) => boolean): number {
    let size = 0;
    for (const run of this.#allRuns()) if (isCounted(run)) size += 1;
    return size;
  }

  *branchlessRuns(): Iterable<Run> {
    for (const [key, { runs }] of this.#records.entries()) {
      if (branchOfKey(key) === undefined) for (const { run } of runs.values()) yield run;
    }
  }

  /** @param prefix at least 7 lower-case hex digits */
  findCommit(prefix: string): readonly Run[] {
    return this.#byPrefix.find(prefixOf(prefix)).filter((run) => imageCommit(run).startsWith(prefix));
  }

  /** @returns whether a run of the branch's merge queue was seen */
  hasQueue(branch: string): boolean {
    return this.#queues.get(branch) === true;
  }

  findNumber(number: string): readonly Run[] {
    if (this.#byNumber === undefined) {
      this.#byNumber = new RunGroups((run) => run.number);
      for (const run of this.#allRuns()) this.#byNumber.add(run);
    }
    return this.#byNumber.find(number);
  }

  *#allRuns(): Iterable<Run> {
    for (const { runs } of this.#records.values()) for (const { run } of runs.values()) yield run;
  }

  #unlist(run: Run): void {
    this.#byPrefix.remove(run);
    this.#byNumber?.remove(run);
  }

  #forget(removed: readonly Run[], { runs }: BranchRecord): void {
    for (const run of removed) this.#unlist(run);
    if (removed.length > 0 && runs.size === 0) this.#names = undefined;
  }
}

function prefixOf(commit: string): number {
  return Number.parseInt(commit.slice(0, PREFIX_DIGITS), 16);
}

/** Filtered lists may lag behind; attempts and times of change only ever increase. */
function isOlderState(run: Run, known: Run): boolean {
  return run.attempt === known.attempt ? run.updatedAt < known.updatedAt : run.attempt < known.attempt;
}

function isSameState(a: Run, b: Run): boolean {
  return a.attempt === b.attempt && a.outcome === b.outcome;
}

/** If CI does not count attempts, only a change to a finished run reveals another attempt. */
function hasPushedSince(run: Run, before: Run): boolean {
  return !isSameState(run, before) || (run.state !== 'running' && run.updatedAt !== before.updatedAt);
}

function toKnownRun(run: Run, before: KnownRun | undefined, sighting: Sighting): KnownRun {
  const { askedAt, seenAt, ahead, filtered = false } = sighting;
  if (before === undefined) {
    // By our clock; CI's clock counts as ours if it is unknown.
    const changedAt = run.updatedAt + Math.max(0, ahead);
    return { run, confirmedAt: askedAt, pushedBy: Math.min(seenAt, changedAt) };
  }
  const pushedBy = hasPushedSince(run, before.run) ? seenAt : before.pushedBy;
  const saidAt = filtered && isSameState(run, before.run) ? before.confirmedAt : askedAt;
  // A confirmation in the future was made before the clock was set back.
  const confirmedAt = before.confirmedAt > seenAt ? saidAt : Math.max(saidAt, before.confirmedAt);
  return { run, confirmedAt, pushedBy };
}
