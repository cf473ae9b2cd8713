/** The period and the pages of a search for runs. Pure. */
import type { Cursor } from '../provider.ts';

/** The largest page; a larger one is refused (circleci-cli, `internal/apiclient/run.go`). */
export const PAGE_SIZE = 20;

const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** CircleCI's own command line goes no further back in one search, so this is known to be allowed. */
const PERIOD = 90 * DAY;
/** Older periods in which a branch's runs are searched for: about a year in all. */
const OLDER_PERIODS = 3;
/** Our clock may be behind, and the newest run must not be left out. */
const CLOCK_MARGIN = 600 * SECOND;

export interface SearchStart {
  /** End of the period, whole seconds since the epoch: the same for all pages. */
  readonly to: number;
  /** Number of newer periods. */
  readonly older: number;
  /** CircleCI's own; empty for the first page. */
  readonly cursor: string;
}

/** @param now milliseconds since the epoch @throws RangeError for another provider's cursor */
export function parseCursor(cursor: Cursor | undefined, now: number): SearchStart {
  if (cursor === undefined) return { to: Math.ceil((now + CLOCK_MARGIN) / SECOND), older: 0, cursor: '' };
  const [, to, older, own] = /^(\d{1,12}) (\d) (.*)$/s.exec(cursor) ?? [];
  if (to === undefined || own === undefined)
    throw new RangeError('expected a cursor that this provider returned');
  return { to: Number(to), older: Number(older), cursor: own };
}

export function formatCursor({ to, older, cursor }: SearchStart): Cursor {
  return `${to} ${older} ${cursor}`;
}

/** @returns the start of the period before; undefined if there is none to search */
export function periodBefore({ to, older }: SearchStart): SearchStart | undefined {
  return older === OLDER_PERIODS ? undefined : { to: to - PERIOD / SECOND, older: older + 1, cursor: '' };
}

/** @param to whole seconds since the epoch */
export function searchPeriod(to: number): { readonly from: string; readonly to: string } {
  return { from: rfc3339(to * SECOND - PERIOD), to: rfc3339(to * SECOND) };
}

function rfc3339(time: number): string {
  return new Date(time).toISOString().replace('.000', '');
}
