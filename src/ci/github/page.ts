/** Pages of GitHub's lists: their cursors, and whether they are complete. Pure. */
import type { ParsedRunPage } from './schema.ts';
import { malformedError } from '../../upstream/failures.ts';
import { oldestOf } from '../../resolve/run-order.ts';
import { hasNext } from '../link-header.ts';
import type { Cursor, RunPage } from '../provider.ts';

/** GitHub's largest page. */
export const PAGE_SIZE = 100;

/** https://docs.github.com/rest/actions/workflow-runs#list-workflow-runs-for-a-repository */
const FILTERED_LIMIT = 1000;

/** `createdBy` (milliseconds since the epoch) limits the list to runs created then or before. */
export interface PageAddress {
  /** Counts from 1. */
  readonly page: number;
  readonly createdBy?: number | undefined;
}

/** The cursor of a page: `3`, or `1@1767225600000` where the list starts over because of GitHub's limit. */
export function formatCursor({ page, createdBy }: PageAddress): Cursor {
  return createdBy === undefined ? String(page) : `${page}@${createdBy}`;
}

/** @param cursor undefined: the first page @throws RangeError for another provider's cursor */
export function parseCursor(cursor: Cursor | undefined): PageAddress {
  const [, page, createdBy] = /^(\d+)(?:@(\d+))?$/.exec(cursor ?? '1') ?? [];
  if (page === undefined) throw new RangeError('expected a cursor that this provider returned');
  return { page: Number(page), createdBy: createdBy === undefined ? undefined : Number(createdBy) };
}

/** `total` is the response's `total_count`. */
export interface PageFacts extends ParsedRunPage, PageAddress {
  /** The `Link` header. */
  readonly link: string | undefined;
  readonly etag: string | undefined;
  readonly filtered: boolean;
  /** GitHub's clock in the response, milliseconds since the epoch, if reported. */
  readonly clock?: number | undefined;
}

/** @throws UpstreamError `malformed` if runs are missing that no further page would show */
export function toRunPage(facts: PageFacts, host: string): RunPage {
  const { runs, unread, total, link, etag, page, createdBy, filtered, clock } = facts;
  const more = hasNext(link);
  const shown = runs.length + unread.length;
  const received = (page - 1) * PAGE_SIZE + shown;
  const isCut = filtered && received >= FILTERED_LIMIT;
  const missing = more || isCut ? 0 : Math.max(0, total - received);
  // Counts sometimes lag by one. If more runs are missing, or the page is full, the list is incomplete.
  const short = missing === 1 && shown > 0 && shown < PAGE_SIZE;
  if ((more && shown === 0) || (missing > 0 && !short)) {
    throw malformedError(host, 'half a page of workflow runs');
  }
  const oldest = isCut ? oldestOf(runs)?.position : undefined;
  // Runs of the oldest second may be on both sides of the limit.
  const next = oldest === undefined ? { page: page + 1, createdBy } : { page: 1, createdBy: oldest };
  return {
    runs,
    next: more || isCut ? formatCursor(next) : undefined,
    restarts: oldest !== undefined,
    total,
    unread,
    short,
    clock,
    validator: etag,
  };
}
