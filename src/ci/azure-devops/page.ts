/** The envelope of Azure DevOps' lists. */
import { z } from 'zod';
import { MAX_ELEMENTS } from '../fields.ts';

/**
 * `count` is the length of the page, not of the list. With fewer elements the page is incomplete, and must not
 * look like the end of the list.
 */
export function pageOf<Element extends z.ZodType>(element: Element) {
  return z
    .object({ count: z.int().nonnegative().nullish(), value: z.array(element).max(MAX_ELEMENTS) })
    .refine(({ count, value }) => (count ?? 0) <= value.length, { path: ['count'] });
}
