/** Pages of Bitbucket Cloud's lists: https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination. Pure. */
import { z } from 'zod';
import { parseShape, type Source } from '../elements.ts';
import { MAX_ELEMENTS } from '../fields.ts';
import type { Cursor } from '../provider.ts';

export const API = 'Bitbucket';

const envelopeSchema = z.object({
  values: z.array(z.unknown()).max(MAX_ELEMENTS),
  // Optional by the specification, since it may be expensive to compute.
  size: z.int().nonnegative().nullish(),
  pagelen: z.int().positive().nullish(),
  next: z.unknown().optional(),
});

export interface Page {
  readonly values: readonly unknown[];
  /** Length of the whole list, if reported. */
  readonly total: number | undefined;
  /** How many elements are missing from the list's last page, by its total. */
  readonly missing: number;
  readonly next: Cursor | undefined;
}

/** @returns the number of the page, counted from 1 @throws RangeError for another provider's cursor */
export function parseCursor(cursor: Cursor | undefined = '1'): number {
  if (!/^[1-9]\d{0,6}$/.test(cursor)) throw new RangeError('expected a cursor that this provider returned');
  return Number(cursor);
}

/**
 * Counts the elements, since the list of pipelines used to lack `next` (jira.atlassian.com, BCLOUD-20639).
 * @param asked number of the page, and the length that was requested
 * @throws UpstreamError `malformed`
 */
export function parsePage(value: unknown, asked: { page: number; pagelen: number }, source: Source): Page {
  const { values, size, pagelen, next } = parseShape(envelopeSchema, value, source);
  const { page } = asked;
  const length = pagelen ?? asked.pagelen;
  const isMore = size == null ? values.length >= length : page * length < size;
  const more = isMore || typeof next === 'string';
  const received = (page - 1) * length + values.length;
  return {
    values,
    total: size ?? undefined,
    missing: more || size == null ? 0 : Math.max(0, size - received),
    next: more ? String(page + 1) : undefined,
  };
}

/** @returns the query that cuts a list's elements down to these fields (partial responses) */
export function listFields(fields: readonly string[]): string {
  return ['size', 'pagelen', 'next', ...fields.map((field) => `values.${field}`)].join(',');
}
