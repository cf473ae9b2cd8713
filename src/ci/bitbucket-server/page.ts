/** Pages of Bitbucket Data Center's lists: https://developer.atlassian.com/server/bitbucket/rest/v905/intro/#paged-apis. Pure. */
import { z } from 'zod';
import { malformedError } from '../../upstream/failures.ts';
import { parseShape, type Source } from '../elements.ts';
import { MAX_ELEMENTS } from '../fields.ts';
import type { Cursor } from '../provider.ts';

export const API = 'Bitbucket';

const pageSchema = z.object({
  values: z.array(z.unknown()).max(MAX_ELEMENTS),
  isLastPage: z.boolean(),
  nextPageStart: z.int().nonnegative().nullish(),
});

export interface Page {
  readonly values: readonly unknown[];
  readonly next: Cursor | undefined;
}

/** @returns `start` of the page @throws RangeError for another provider's cursor */
export function parseCursor(cursor: Cursor | undefined = '0'): number {
  if (!/^\d{1,9}$/.test(cursor)) throw new RangeError('expected a cursor that this provider returned');
  return Number(cursor);
}

/**
 * The next page starts where the server says: it skips what the user may not see, and limits pages to less
 * than was requested.
 * @throws UpstreamError `malformed`
 */
export function parsePage(value: unknown, start: number, source: Source): Page {
  const { values, isLastPage, nextPageStart } = parseShape(pageSchema, value, source);
  if (isLastPage) return { values, next: undefined };
  if (nextPageStart == null || nextPageStart <= start) {
    throw malformedError(source.host, 'a page that names no next one');
  }
  return { values, next: String(nextPageStart) };
}
