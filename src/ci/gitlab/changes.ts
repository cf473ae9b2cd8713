/**
 * Where the list of changed pipelines goes on. The list is ordered by the time of change, and pages of it
 * shift while pipelines change: each one that changes moves to the end, so that page 2 would skip one. The
 * next call therefore begins at the time where the last one ended, and repeats a few. Pure.
 */
import type { Cursor } from '../provider.ts';
import type { Pipeline } from './schema.ts';

/** A transaction that ends late shows a change after its time. Database replicas lag, too. */
const OVERLAP = 60_000;

export interface ChangesAddress {
  /** Milliseconds since the epoch, by GitLab's clock. */
  readonly since: number;
  /** Above 1 only if more pipelines than a page has changed at the same time. */
  readonly page: number;
}

/** @param clock GitLab's, in the response; undefined: changes cannot be read */
export function changesAfter(clock: number | undefined): Cursor | undefined {
  return clock === undefined ? undefined : format({ since: clock - OVERLAP, page: 1 });
}

/** @throws RangeError for another provider's cursor */
export function parseChangesCursor(cursor: Cursor): ChangesAddress {
  const [, since, page] = /^(\d+)@(\d+)$/.exec(cursor) ?? [];
  if (since === undefined) throw new RangeError('expected a cursor that this provider returned');
  return { since: Number(since), page: Number(page) };
}

/** @param pipelines of the page, oldest change first */
export function changesAfterPage({ since, page }: ChangesAddress, pipelines: readonly Pipeline[]): Cursor {
  // GitLab's times are finer than those in its answers.
  const last = (pipelines.at(-1)?.updated_at ?? 0) - 1;
  return format(last > since ? { since: last, page: 1 } : { since, page: page + 1 });
}

function format({ since, page }: ChangesAddress): Cursor {
  return `${since}@${page}`;
}
