/** What is known of every branch's runs. Bounded: branches that nobody asks for, and CI no longer lists, make room for others. */
import type { Run } from '../resolve/types.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { createBranchRecord, takeOut, trim, type BranchRecord, type KnownRun } from './branch-runs.ts';
import { createCommitIndex } from './commit-index.ts';
import { createNumberIndex } from './number-index.ts';

const MAX_BRANCHES = 20_000;
const MAX_RUNS = 100_000;

/** How runs came to be seen. */
export interface Sighting {
  /** When the call that shows them began, milliseconds since the epoch, by our clock. */
  readonly askedAt: number;
  /** When its answer was there. */
  readonly seenAt: number;
  /** How far our clock is ahead of CI's, milliseconds; 0: it is not known. */
  readonly ahead: number;
  /** By a filtered list, which may lag behind: it confirms nothing that was known before. */
  readonly filtered?: boolean;
}

export interface BranchTable {
  /** A branch that made room is unknown again, even where the listing's window once showed everything. */
  readonly evicted: boolean;
  readonly size: number;
  /** Counts as use: whoever is used makes room last. */
  get(name: string): BranchRecord | undefined;
  peek(name: string): BranchRecord | undefined;
  /** The branch's, made if there is none. */
  record(name: string): BranchRecord;
  values(): Iterable<BranchRecord>;
  entries(): Iterable<[string, BranchRecord]>;
  /** Takes a run as it is now, unless it is known as it was later. @returns whether it tells something new */
  take(run: Run, sighting: Sighting): boolean;
  remove(branch: string, id: string): void;
  /** Keeps the newest runs of a branch that has very many. */
  trim(name: string): void;
  makeRoom(): void;
  /** Branches with runs. The same array until one comes or goes. */
  names(): readonly string[];
  findCommit(prefix: string): readonly Run[];
  findNumber(number: string): readonly Run[];
}

export function createBranchTable(): BranchTable {
  let evicted = false;
  let names: readonly string[] | undefined;
  const commits = createCommitIndex();
  const numbers = createNumberIndex(allRuns);
  const branches = createBoundedCache<BranchRecord>(MAX_BRANCHES, ({ runs }) => {
    evicted = true;
    if (runs.size > 0) names = undefined;
    for (const { run } of runs.values()) unlist(run);
  });

  function record(name: string): BranchRecord {
    const found = branches.get(name);
    if (found !== undefined) return found;
    const created = createBranchRecord(evicted);
    branches.set(name, created);
    return created;
  }

  function* allRuns(): Iterable<Run> {
    for (const { runs } of branches.values()) for (const { run } of runs.values()) yield run;
  }

  function unlist(run: Run): void {
    commits.remove(run);
    numbers.remove(run);
  }

  function put({ runs }: BranchRecord, known: KnownRun): void {
    const before = runs.get(known.run.id);
    if (runs.size === 0) names = undefined;
    runs.set(known.run.id, known);
    if (before?.run === known.run) return;
    if (before !== undefined) unlist(before.run);
    commits.add(known.run);
    numbers.add(known.run);
  }

  function forget(removed: readonly Run[], { runs }: BranchRecord): void {
    for (const run of removed) unlist(run);
    if (removed.length > 0 && runs.size === 0) names = undefined;
  }

  return {
    get evicted() {
      return evicted;
    },
    get size() {
      return branches.size;
    },
    get: (name) => branches.get(name),
    peek: (name) => branches.peek(name),
    record,
    values: () => branches.values(),
    entries: () => branches.entries(),
    take(run, sighting) {
      const entry = record(run.branch);
      const before = entry.runs.get(run.id);
      if (before !== undefined && isOlderState(run, before.run)) return false;
      put(entry, standingOf(run, before, sighting));
      return before === undefined || !isSameState(run, before.run);
    },
    remove(branch, id) {
      const entry = branches.peek(branch);
      const removed = entry && takeOut(entry, id);
      if (entry !== undefined && removed !== undefined) forget([removed], entry);
    },
    trim(name) {
      const entry = branches.peek(name);
      if (entry !== undefined) forget(trim(entry), entry);
    },
    makeRoom() {
      let size = [...branches.values()].reduce((sum, { runs }) => sum + runs.size, 0);
      while (size > MAX_RUNS) size -= branches.pop()?.runs.size ?? size;
    },
    names() {
      names ??= [...branches.entries()].flatMap(([name, { runs }]) => (runs.size > 0 ? [name] : []));
      return names;
    },
    findCommit: (prefix) => commits.find(prefix),
    findNumber: (number) => numbers.find(number),
  };
}

/** Filtered lists are served from an index that may lag behind: an attempt and its last change only ever go forward. */
function isOlderState(run: Run, known: Run): boolean {
  return run.attempt === known.attempt ? run.updatedAt < known.updatedAt : run.attempt < known.attempt;
}

function isSameState(a: Run, b: Run): boolean {
  return a.attempt === b.attempt && a.outcome === b.outcome;
}

/** Where attempts are not counted, a change of a run that has ended is all that tells of another one. */
function hasPushedSince(run: Run, before: Run): boolean {
  return !isSameState(run, before) || (run.state !== 'running' && run.updatedAt !== before.updatedAt);
}

function standingOf(run: Run, before: KnownRun | undefined, sighting: Sighting): KnownRun {
  const { askedAt, seenAt, ahead, filtered = false } = sighting;
  if (before === undefined) {
    // By our clock; where CI's is not known, it counts as ours.
    const changedAt = run.updatedAt + Math.max(0, ahead);
    return { run, confirmedAt: askedAt, pushedBy: Math.min(seenAt, changedAt) };
  }
  const pushedBy = hasPushedSince(run, before.run) ? seenAt : before.pushedBy;
  const toldAt = filtered && isSameState(run, before.run) ? before.confirmedAt : askedAt;
  // What lies in the future was told before the clock was set back.
  const confirmedAt = before.confirmedAt > seenAt ? toldAt : Math.max(toldAt, before.confirmedAt);
  return { run, confirmedAt, pushedBy };
}
