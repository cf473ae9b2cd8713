/** Runs as GitHub lists them. */
import type { RunPage } from '../../src/resolve/ports.ts';
import type { Run } from '../../src/resolve/types.ts';

/** Pages are small, so that a few runs are enough to fall out of a window. */
export const PAGE = 5;

export function newestFirst(all: readonly Run[]): Run[] {
  return all.toSorted((a, b) => b.createdAt - a.createdAt || Number(b.id) - Number(a.id));
}

export function pageOf(all: readonly Run[], page: number): RunPage {
  return {
    runs: newestFirst(all).slice((page - 1) * PAGE, page * PAGE),
    more: all.length > page * PAGE,
    total: all.length,
    validator: JSON.stringify(all),
  };
}
