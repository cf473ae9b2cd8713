/** Whether a listing's page is whole. Pure. */
import type { Run } from '../resolve/types.ts';
import type { RunPage } from '../resolve/ports.ts';
import { malformedError } from './network-failure.ts';

/** GitHub's largest page. */
export const PAGE_SIZE = 100;

/** Filtered listings end here: https://docs.github.com/rest/actions/workflow-runs#list-workflow-runs-for-a-repository */
const FILTERED_LIMIT = 1000;

export interface PageFacts {
  readonly runs: readonly Run[];
  /** `total_count` of the answer. */
  readonly total: number;
  /** The `Link` header. */
  readonly link: string | undefined;
  readonly etag: string | undefined;
  /** Counts from 1. */
  readonly page: number;
  readonly filtered: boolean;
}

/** @throws UpstreamError `malformed` when the page cannot be all that there is, although nothing says that more follows */
export function toRunPage({ runs, total, link, etag, page, filtered }: PageFacts, host: string): RunPage {
  const more = hasNext(link);
  const received = (page - 1) * PAGE_SIZE + runs.length;
  const ended = filtered && received >= FILTERED_LIMIT;
  if (more ? runs.length === 0 : total > received && !ended) {
    throw malformedError(host, 'half a page of workflow runs');
  }
  return { runs, more, total, ...(etag !== undefined && { validator: etag }) };
}

/** RFC 8288: `<https://...>; rel="next", <https://...>; rel="last"`. */
function hasNext(link: string | undefined): boolean {
  return /;\s*rel="?next"?\s*(?:[;,]|$)/i.test(link ?? '');
}
