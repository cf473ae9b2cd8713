/** Pages of GitLab's lists: https://docs.gitlab.com/api/rest/#offset-based-pagination. Pure. */
import { malformedError } from '../../upstream/failures.ts';
import type { ApiResponse } from '../../upstream/json-api.ts';
import type { Source } from '../elements.ts';
import type { Cursor } from '../provider.ts';

/** GitLab's largest page. */
export const PAGE_SIZE = 100;

/** @param cursor undefined: the first page @throws RangeError for another provider's cursor */
export function parsePageNumber(cursor: Cursor | undefined): number {
  if (!/^[1-9]\d*$/.test(cursor ?? '1'))
    throw new RangeError('expected a cursor that this provider returned');
  return Number(cursor ?? 1);
}

/** A page's place in its list. */
interface Placement {
  readonly next: Cursor | undefined;
  /** Length of the list; undefined for more than 10,000 elements, which GitLab does not count. */
  readonly total: number | undefined;
  /** One element is missing by the total. */
  readonly short: boolean;
}

/**
 * GitLab counts and lists by two queries, so the total may be off by an element that came in between.
 * `X-Next-Page` is empty on the last page. If a proxy drops it, a page that is full may not be the last.
 * @param shown number of elements on the page
 * @param source with the host, for messages
 * @throws UpstreamError `malformed` if elements are missing that no further page would show
 */
export function placePage(
  { headers }: ApiResponse,
  page: number,
  shown: number,
  { host }: Pick<Source, 'host'>,
): Placement {
  const following = headers['x-next-page'];
  const hasNext = following === undefined ? shown >= PAGE_SIZE : following !== '';
  const counted = headers['x-total'] ?? '';
  const total = /^\d{1,15}$/.test(counted) ? Number(counted) : undefined;
  const missing = hasNext ? 0 : Math.max(0, (total ?? 0) - ((page - 1) * PAGE_SIZE + shown));
  const short = missing === 1 && shown > 0 && shown < PAGE_SIZE;
  if ((hasNext && shown === 0) || (missing > 0 && !short))
    throw malformedError(host, 'half a page of a list');
  return { next: hasNext ? String(page + 1) : undefined, total, short };
}
