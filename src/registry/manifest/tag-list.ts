/** The tags of an image repository (distribution-spec, end-8), asked for only where a manifest's 404 proves nothing. */
import { UpstreamError } from '../../errors.ts';
import type { Session } from '../auth/session.ts';
import { parseJsonObject } from '../json.ts';
import { judgeAbsence } from './registry-error.ts';
import { headerValue, type HttpResponse } from '../../upstream/http-client.ts';

const MAX_PAGE_BYTES = 4 * 1024 * 1024;
const MAX_PAGES = 20;

/** `untold`: the list is not to be had, or not whole. */
export type Listing = 'listed' | 'not listed' | 'no repository' | 'untold';

/** @throws UpstreamError when the registry does not answer */
export async function listsTag(session: Session, tag: string): Promise<Listing> {
  let query = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const response = await fetchPage(session, query);
    if (response?.status === 404 && judgeAbsence(response.body) === 'repository') return 'no repository';
    const tags = response?.status === 200 ? parseTags(response.body) : undefined;
    if (response === undefined || tags === undefined) return 'untold';
    if (tags.includes(tag)) return 'listed';
    if (response.headers['link'] === undefined) return 'not listed';
    const next = parseNext(headerValue(response, 'link'));
    if (next === undefined || next === query) return 'untold';
    query = next;
  }
  return 'untold';
}

/** @returns undefined for a denial, or an answer that is none */
async function fetchPage(session: Session, query: string): Promise<HttpResponse | undefined> {
  try {
    return await session.send('GET', `tags/list${query}`, MAX_PAGE_BYTES, 'application/json');
  } catch (error) {
    const kind = error instanceof UpstreamError ? error.failure.kind : undefined;
    if (kind === 'malformed' || kind === 'denied') return undefined;
    throw error;
  }
}

/** Some registries say null where there is none. */
function parseTags(body: Buffer): readonly string[] | undefined {
  const { name, tags } = parseJsonObject(body) ?? {};
  if (typeof name !== 'string') return undefined;
  if (tags === null) return [];
  return Array.isArray(tags) && tags.every((tag) => typeof tag === 'string') ? tags : undefined;
}

/** Only the query is taken, so that it leads nowhere else. @returns undefined for what is no link to a next page */
function parseNext(link: string | undefined): string | undefined {
  const [, target = ''] = /^\s*<([^>]*)>\s*;\s*rel="?next"?\s*$/i.exec(link ?? '') ?? [];
  const query = URL.canParse(target, 'http://x') ? new URL(target, 'http://x').search : '';
  return query === '' ? undefined : query;
}
