/** Tracks unparsable elements of CI's lists: each may be the newest green build, or a re-run. */
import type { Run } from '../resolve/types.ts';
import type { UnreadRun } from '../resolve/ports.ts';
import type { IsMissing } from './missing-runs.ts';

/** Limit for all branches together. The oldest are dropped, since a branch's newest unresolved run counts. */
const MAX_UNREAD = 2000;
/** Runs of one commit are created within this time (ms), so a run without a commit may be one of them. */
const APART = 600_000;

interface Kept extends UnreadRun {
  /** Its position, or that of the newest run beside it; null if there was none. */
  readonly beside: number | null;
}

export class UnreadRuns {
  readonly #all = new Map<string, Kept>();

  /**
   * @param newest position of the newest run on the same pages, for an element without a position of its own
   * @param branch the branch whose list has shown them, if it was one branch's
   */
  add(unread: readonly UnreadRun[], newest: number | undefined, branch?: string): void {
    for (const one of unread) {
      const beside = one.position ?? newest ?? null;
      this.#all.set(keyOf(one), { ...one, branch: one.branch ?? branch ?? null, beside });
    }
    if (this.#all.size > MAX_UNREAD) this.#dropOldest();
  }

  /**
   * Drops elements that a listing should show but does not.
   * @param listed ids of the runs and elements that it shows
   */
  removeMissing(listed: ReadonlySet<string>, isMissing: IsMissing): void {
    for (const [key, { id, beside, tie }] of this.#all) {
      if (id !== null && listed.has(id)) continue;
      if (isMissing({ position: beside ?? Number.MIN_SAFE_INTEGER, tie })) this.#all.delete(key);
    }
  }

  /** Drops a run that has since been read, or that was deleted. */
  settle(id: string): void {
    this.#all.delete(id);
  }

  /** Returns the branch's elements and possible ones; without `branch`, those that may be any branch's. */
  of(branch: string | undefined): readonly UnreadRun[] {
    return this.all().filter((one) => one.branch === null || one.branch === branch);
  }

  all(): readonly UnreadRun[] {
    return [...this.#all.values()];
  }

  #dropOldest(): void {
    const newestFirst = [...this.#all].toSorted(([, a], [, b]) => comparePositions(b, a));
    for (const [key] of newestFirst.slice(MAX_UNREAD)) this.#all.delete(key);
  }
}

/** An unknown position counts as the newest. */
function comparePositions(a: UnreadRun, b: UnreadRun): number {
  return (a.position ?? Number.MAX_VALUE) - (b.position ?? Number.MAX_VALUE);
}

/** CI's ids contain no spaces, so this cannot collide with an id. */
function keyOf({ id, branch, commit, position }: UnreadRun): string {
  return id ?? `one ${branch} ${commit} ${position}`;
}

/**
 * @param runs known runs of the branch
 * @returns builds below this position may contain the unread run or be older than it; null: any build may
 */
export function uncertainBelow(unread: UnreadRun, runs: readonly Run[]): number | null {
  const { id, position, createdAt } = unread;
  if (position === null) return null;
  const commit = unread.commit ?? runs.find((run) => run.id === id)?.commit;
  const mayShareBuild = (run: Run): boolean =>
    commit === undefined ? isNear(run.createdAt, createdAt) : run.commit === commit;
  return 1 + runs.reduce((most, run) => (mayShareBuild(run) ? Math.max(most, run.position) : most), position);
}

function isNear(createdAt: number | null, unread: number | null): boolean {
  return createdAt === null || unread === null || createdAt <= unread + APART;
}
