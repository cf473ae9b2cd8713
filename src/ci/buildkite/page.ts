/** Merges the pages of several pipelines into one list, newest first. Pure. */
import { compareRuns } from '../../resolve/run-order.ts';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { malformedError } from '../../upstream/failures.ts';
import type { Cursor, RunPage } from '../provider.ts';

/** Buildkite's largest page: https://buildkite.com/docs/apis/rest-api#pagination */
export const PAGE_SIZE = 100;

const SECOND = 1000;

/** A page shows builds that were created before this time, except those that an earlier page has shown. */
export interface PageStart {
  /** Whole seconds, in milliseconds since the epoch: the API's example has no fractions. */
  readonly createdBefore: number;
  /** Ids of builds of the second before, which several pages show. */
  readonly shown: ReadonlySet<string>;
}

/** One pipeline's part of the page. */
export interface PipelinePage {
  readonly runs: readonly Run[];
  readonly unread: readonly UnreadRun[];
  /** When the page's oldest build was created, milliseconds since the epoch. */
  readonly oldest: number | undefined;
  /** The pipeline has older builds. */
  readonly more: boolean;
}

/** @param cursor `1767225605 acme/shop#12 acme/shop#11` @throws RangeError for another provider's cursor */
export function parseCursor(cursor: Cursor | undefined): PageStart | undefined {
  if (cursor === undefined) return undefined;
  const [seconds = '', ...shown] = cursor.split(' ');
  if (!/^\d{1,12}$/.test(seconds)) throw new RangeError('expected a cursor that this provider returned');
  return { createdBefore: Number(seconds) * SECOND, shown: new Set(shown) };
}

/** @returns RFC 3339, as in the documentation's examples */
export function formatStart({ createdBefore }: PageStart): string {
  return new Date(createdBefore).toISOString().replace('.000', '');
}

/**
 * Each pipeline's page ends at another time. The merged page ends where the first of them does, and the rest
 * is read again with the next page.
 * @throws UpstreamError `malformed` if the pages do not lead on
 */
export function mergePages(
  pages: readonly PipelinePage[],
  start: PageStart | undefined,
  host: string,
): Pick<RunPage, 'runs' | 'unread' | 'next'> {
  const end = Math.max(...pages.map(({ more, oldest = Infinity }) => (more ? oldest : -Infinity)));
  const isHere = ({ id, position }: Run | UnreadRun): boolean =>
    (position === null || (position >= end && position < (start?.createdBefore ?? Infinity))) &&
    (id === null || start?.shown.has(id) !== true);
  const runs = pages.flatMap((page) => page.runs.filter(isHere)).toSorted((a, b) => compareRuns(b, a));
  const unread = pages.flatMap((page) => page.unread.filter(isHere));
  if (end === -Infinity) return { runs, unread };
  const next = startBelow(end, [...runs, ...unread], start);
  const isProgress = start === undefined || runs.length > 0 || next.createdBefore < start.createdBefore;
  // Otherwise the same page would follow for ever.
  if (end === Infinity || !isProgress) throw malformedError(host, 'a page of builds that does not lead on');
  return { runs, unread, next: [next.createdBefore / SECOND, ...next.shown].join(' ') };
}

function startBelow(
  end: number,
  shownHere: readonly (Run | UnreadRun)[],
  start: PageStart | undefined,
): PageStart {
  const second = Math.floor(end / SECOND);
  const isOfSecond = ({ position }: Run | UnreadRun): boolean =>
    position !== null && Math.floor(position / SECOND) === second;
  const ids = shownHere.filter(isOfSecond).flatMap(({ id }) => id ?? []);
  const createdBefore = (second + 1) * SECOND;
  const before = start?.createdBefore === createdBefore ? start.shown : [];
  return { createdBefore, shown: new Set([...before, ...ids]) };
}
