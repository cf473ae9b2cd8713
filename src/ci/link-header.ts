/** Pages that are linked by a header. Pure. */

/** @param link RFC 8288: `<https://...>; rel="next", <https://...>; rel="last"` */
export function hasNext(link: string | undefined): boolean {
  return /;\s*rel="?next"?\s*(?:[;,]|$)/i.test(link ?? '');
}
