/** The `Link` header of paged lists (RFC 8288). Pure. */

/** @param link `<https://...>; rel="next", <https://...>; rel="last"` */
export function hasNext(link: string | undefined): boolean {
  return /;\s*rel="?next"?\s*(?:[;,]|$)/i.test(link ?? '');
}
