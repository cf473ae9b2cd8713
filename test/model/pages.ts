/** Runs as GitHub lists them. */
import type { Run } from '../../src/resolve/types.ts';
import type { RunPage } from '../../src/ci/provider.ts';
import type { UnreadRun } from '../../src/resolve/ports.ts';

/** Pages are small, so that a few runs are enough to fall out of a window. */
export const PAGE = 5;

export function newestFirst(all: readonly Run[]): Run[] {
  return all.toSorted((a, b) => b.createdAt - a.createdAt || Number(b.id) - Number(a.id));
}

/** What a list shows otherwise than it should. */
export interface Oddities {
  /** Runs that cannot be read, by id, and what of them can. */
  readonly odd?: ReadonlyMap<string, Partial<UnreadRun>>;
  /** The count says so many more than there are. */
  readonly lag?: number;
}

export function pageOf(
  all: readonly Run[],
  page: number,
  { odd = new Map(), lag = 0 }: Oddities = {},
): RunPage {
  const shown = newestFirst(all).slice((page - 1) * PAGE, page * PAGE);
  const more = all.length > page * PAGE;
  const unread = shown.flatMap((run, index) => {
    if (!odd.has(run.id)) return [];
    const one = { ...unreadOf(run), ...odd.get(run.id) };
    return [{ ...one, createdAt: one.createdAt ?? shown[index - 1]?.createdAt ?? null }];
  });
  return {
    runs: shown.filter(({ id }) => !odd.has(id)),
    more,
    total: all.length + lag,
    validator: JSON.stringify([all, [...odd], lag]),
    ...(unread.length > 0 && { unread }),
    ...(lag > 0 && !more && shown.length > 0 && { short: true }),
  };
}

function unreadOf({ id, branch, commit, createdAt }: Run): UnreadRun {
  return { id, branch, commit, createdAt, problem: 'a field path' };
}
