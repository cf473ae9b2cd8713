/** Reads the tag list (distribution-spec, end-8), only if a manifest's 404 proves nothing. */
import { UpstreamError } from '../../errors.ts';
import type { Session } from '../auth/session.ts';
import { parseJsonObject } from '../json.ts';
import { classifyNotFound } from './registry-error.ts';
import { headerValue, type HttpResponse } from '../../upstream/http-client.ts';

const MAX_PAGE_BYTES = 4 * 1024 * 1024;
const MAX_PAGES = 20;

/** `inconclusive`: the list is unavailable or incomplete. */
export type Listing = 'listed' | 'not listed' | 'no repository' | 'inconclusive';

/** @throws UpstreamError if the registry does not respond */
export async function findListedTag(session: Session, tag: string): Promise<Listing> {
  let query = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const response = await fetchPage(session, query);
    if (response?.status === 404 && classifyNotFound(response.body) === 'repository') return 'no repository';
    const tags = response?.status === 200 ? parseTags(response.body) : undefined;
    if (response === undefined || tags === undefined) return 'inconclusive';
    if (tags.includes(tag)) return 'listed';
    if (response.headers['link'] === undefined) return 'not listed';
    const next = parseNext(headerValue(response, 'link'));
    if (next === undefined || next === query) return 'inconclusive';
    query = next;
  }
  return 'inconclusive';
}

/** @returns undefined for a denial or an invalid response */
async function fetchPage(session: Session, query: string): Promise<HttpResponse | undefined> {
  try {
    return await session.send('GET', `tags/list${query}`, MAX_PAGE_BYTES, 'application/json');
  } catch (error) {
    const kind = error instanceof UpstreamError ? error.failure.kind : undefined;
    if (kind === 'malformed' || kind === 'denied') return undefined;
    throw error;
  }
}

/** Some registries return null for an empty list. */
function parseTags(body: Buffer): readonly string[] | undefined {
  const { name, tags } = parseJsonObject(body) ?? {};
  if (typeof name !== 'string') return undefined;
  if (tags === null) return [];
  return Array.isArray(tags) && tags.every((tag) => typeof tag === 'string') ? tags : undefined;
}

/**
 * Takes only the query, so that the link cannot lead to another host.
 * @returns undefined if it is not a link to a next page
 */
function parseNext(link: string | undefined): string | undefined {
  const [, target = ''] = /^\s*<([^>]*)>\s*;\s*rel="?next"?\s*$/i.exec(link ?? '') ?? [];
  const query = URL.canParse(target, 'http://x') ? new URL(target, 'http://x').search : '';
  return query === '' ? undefined : query;
}
