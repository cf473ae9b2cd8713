/** Elements of CI's lists that could not be read: each may be the newest green build, or a re-run of one that is known. */
import type { Run } from '../resolve/types.ts';
import type { UnreadRun } from '../resolve/ports.ts';

/** Of all branches together. Beyond, the oldest are forgotten: of a branch's doubts the newest is what counts. */
const MAX_UNREAD = 2000;
/** Milliseconds by which the runs of one commit may be apart: without its commit, a run may be any of them. */
const APART = 600_000;

export interface UnreadRuns {
  /**
   * @param newest when the newest of the runs was created that were shown with them: one of unknown time stands above it
   * @param branch whose list has shown them, if it was one branch's
   */
  take(unread: readonly UnreadRun[], newest: number, branch?: string): void;
  /**
   * Keeps those that a listing need not show, and does not.
   * @param mayBeHidden whether one of this id that was created then, or next to a run that was, may lie beyond its end
   */
  keep(mayBeHidden: (id: string | null, createdAt: number) => boolean): void;
  /** The run was read at last, or is gone. */
  settle(id: string): void;
  /** Those that are the branch's, or may be. */
  of(branch: string): readonly UnreadRun[];
  all(): readonly UnreadRun[];
}

export function createUnreadRuns(): UnreadRuns {
  const all = new Map<string, UnreadRun & { readonly beside: number }>();

  function forgetOldest(): void {
    const ages = [...all].map(([key, { createdAt }]): [string, number] => [key, createdAt ?? Infinity]);
    const oldest = ages.toSorted(([, a], [, b]) => a - b).slice(0, all.size - MAX_UNREAD);
    for (const [key] of oldest) all.delete(key);
  }

  return {
    take(unread, newest, branch) {
      for (const one of unread) {
        const beside = one.createdAt ?? newest;
        all.set(keyOf(one), { ...one, branch: one.branch ?? branch ?? null, beside });
      }
      if (all.size > MAX_UNREAD) forgetOldest();
    },
    keep(mayBeHidden) {
      for (const [key, { id, beside }] of all) if (!mayBeHidden(id, beside)) all.delete(key);
    },
    settle: (id) => void all.delete(id),
    all: () => [...all.values()],
    of: (branch) => [...all.values()].filter((one) => one.branch === null || one.branch === branch),
  };
}

/** No id of CI's holds a space. */
function keyOf({ id, branch, commit, createdAt }: UnreadRun): string {
  return id ?? `one ${branch} ${commit} ${createdAt}`;
}

/**
 * @param runs that are known of the branch
 * @returns up to when builds of the branch may be undone or overtaken by what could not be read, milliseconds since the epoch: a build
 *   that holds the run may be no green one
 */
export function reachOfDoubt({ id, commit, createdAt }: UnreadRun, runs: readonly Run[]): number {
  const at = createdAt ?? Infinity;
  const of = commit ?? runs.find((run) => run.id === id)?.commit;
  if (of === undefined) return at + APART;
  return 1 + runs.reduce((newest, run) => (run.commit === of ? Math.max(newest, run.createdAt) : newest), at);
}
