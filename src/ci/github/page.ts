/** Whether a listing's page is whole. Pure. */
import type { ParsedRunPage } from './schema.ts';
import { malformedError } from '../../upstream/failures.ts';
import type { RunPage } from '../provider.ts';

/** GitHub's largest page. */
export const PAGE_SIZE = 100;

/** Filtered listings end here: https://docs.github.com/rest/actions/workflow-runs#list-workflow-runs-for-a-repository */
const FILTERED_LIMIT = 1000;

/** `total` is the answer's `total_count`. */
export interface PageFacts extends ParsedRunPage {
  /** The `Link` header. */
  readonly link: string | undefined;
  readonly etag: string | undefined;
  /** Counts from 1. */
  readonly page: number;
  readonly filtered: boolean;
  /** GitHub's clock when it answered, milliseconds since the epoch; undefined: it did not tell. */
  readonly clock?: number | undefined;
}

/** @throws UpstreamError `malformed` when the page cannot be all that there is, although nothing says that more follows */
export function toRunPage(facts: PageFacts, host: string): RunPage {
  const { runs, unread, total, link, etag, page, filtered, clock } = facts;
  const more = hasNext(link);
  const shown = runs.length + unread.length;
  const received = (page - 1) * PAGE_SIZE + shown;
  const cut = filtered && received >= FILTERED_LIMIT;
  const missing = more || cut ? 0 : Math.max(0, total - received);
  // Counts are kept aside and may lag by one; where more is missing, or the page is full, a part of the list is.
  const short = missing === 1 && shown > 0 && shown < PAGE_SIZE;
  if ((more && shown === 0) || (missing > 0 && !short)) {
    throw malformedError(host, 'half a page of workflow runs');
  }
  return {
    runs,
    more,
    total,
    ...(unread.length > 0 && { unread }),
    ...(cut && { cut }),
    ...(short && { short }),
    ...(clock !== undefined && { clock }),
    ...(etag !== undefined && { validator: etag }),
  };
}

/** RFC 8288: `<https://...>; rel="next", <https://...>; rel="last"`. */
export function hasNext(link: string | undefined): boolean {
  return /;\s*rel="?next"?\s*(?:[;,]|$)/i.test(link ?? '');
}
