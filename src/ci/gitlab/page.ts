/** Pages of GitLab's lists: https://docs.gitlab.com/api/rest/#offset-based-pagination. Pure. */
import { malformedError } from '../../upstream/failures.ts';
import type { ApiResponse } from '../../upstream/json-api.ts';
import type { Cursor } from '../provider.ts';

/** GitLab's largest page. */
export const PAGE_SIZE = 100;

/** @param cursor undefined: the first page @throws RangeError for another provider's cursor */
export function parsePageNumber(cursor: Cursor | undefined): number {
  if (!/^[1-9]\d*$/.test(cursor ?? '1'))
    throw new RangeError('expected a cursor that this provider returned');
  return Number(cursor ?? 1);
}

/**
 * `X-Next-Page` is empty on the last page. If a proxy drops it, a page that is full may not be the last.
 * @param shown number of elements on the page
 */
export function nextPage({ headers }: ApiResponse, page: number, shown: number): Cursor | undefined {
  const next = headers['x-next-page'];
  const hasNext = next === undefined ? shown >= PAGE_SIZE : next !== '';
  return hasNext ? String(page + 1) : undefined;
}

/** @returns the length of the list; undefined for more than 10,000 elements, which GitLab does not count */
export function totalOf({ headers }: ApiResponse): number | undefined {
  const total = headers['x-total'] ?? '';
  return /^\d{1,15}$/.test(total) ? Number(total) : undefined;
}

export interface PageFacts {
  readonly page: number;
  /** Number of elements on the page. */
  readonly shown: number;
  readonly total: number | undefined;
  readonly next: Cursor | undefined;
}

/**
 * GitLab counts and lists by two queries, so the total may be off by a pipeline that came in between.
 * @returns whether one element is missing
 * @throws UpstreamError `malformed` if elements are missing that no further page would show
 */
export function isShort({ page, shown, total, next }: PageFacts, host: string): boolean {
  if (next !== undefined) {
    if (shown > 0) return false;
    throw malformedError(host, 'an empty page of pipelines before the last');
  }
  const missing = (total ?? 0) - ((page - 1) * PAGE_SIZE + shown);
  if (missing <= 0) return false;
  if (missing === 1 && shown > 0 && shown < PAGE_SIZE) return true;
  throw malformedError(host, 'half a page of pipelines');
}
