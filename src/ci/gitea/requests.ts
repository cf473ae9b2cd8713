/** Requests to Gitea and Forgejo. Pure. */
import { malformedError } from '../../upstream/failures.ts';
import { apiPath, type ApiResponse } from '../../upstream/json-api.ts';
import type { CiRequest } from '../client.ts';
import { hasNext } from '../link-header.ts';
import type { Cursor } from '../provider.ts';
import { PERMISSION } from './failure.ts';

/** Servers return fewer elements if their MAX_RESPONSE_ITEMS is lower. */
export const PAGE_SIZE = 50;

/** @param path below the repository, encoded, with a leading slash */
export function createRequest(
  gitRepository: string,
  what: string,
  path: string,
  query?: CiRequest['query'],
): CiRequest {
  const [owner = '', name = ''] = gitRepository.split('/');
  return {
    path: `${apiPath`/repos/${owner}/${name}`}${path}`,
    query,
    what: `${what} of ${gitRepository}`,
    permission: PERMISSION,
  };
}

/** Shows that the repository can be read, so that a 404 means what it says. */
export function createProof(gitRepository: string): CiRequest {
  return createRequest(gitRepository, 'the branches', '/branches', { limit: 1 });
}

/** `size` is the length of the first page; undefined for it, and if the list was not read from there. */
interface PageAddress {
  /** Counts from 1. */
  readonly page: number;
  readonly size?: number | undefined;
}

/** @param cursor `3`, or `3:50` with the length of the first page; undefined: the first page */
export function parseCursor(cursor: Cursor | undefined): PageAddress {
  const [, page, size] = /^(\d+)(?::(\d+))?$/.exec(cursor ?? '1') ?? [];
  if (page === undefined) throw new RangeError('expected a cursor that this provider returned');
  return { page: Number(page), size: size === undefined ? undefined : Number(size) };
}

/** A page of a list as the server sent it. */
export interface PageFacts {
  /** Elements on this page. */
  readonly length: number;
  /** Length of the list; undefined if the answer does not say. */
  readonly total: number | undefined;
  /** The `Link` header. */
  readonly link: string | undefined;
}

/**
 * Gitea links its pages, Forgejo only some. Without links, the length of the list decides, and the length of
 * the first page: servers reduce the requested one (`MAX_RESPONSE_ITEMS`).
 * @returns where the list goes on; undefined at its end
 * @throws UpstreamError `malformed` if the page is empty, though elements must be on it
 */
export function nextCursor(address: PageAddress, facts: PageFacts, host: string): Cursor | undefined {
  const { page, size } = address;
  const { length, total, link } = facts;
  const first = page === 1 ? length : size;
  const next = first === undefined ? String(page + 1) : `${page + 1}:${first}`;
  const isLinked = link !== undefined && hasNext(link);
  if (length === 0 && (isLinked || countMissing(address, facts) > 0)) {
    throw malformedError(host, 'half a page of a list');
  }
  if (link !== undefined) return isLinked ? next : undefined;
  if (length === 0) return undefined;
  const isEnd = total !== undefined && first !== undefined && (page - 1) * first + length >= total;
  return isEnd ? undefined : next;
}

/** @returns how many elements the list has, by its length, behind its last page; at least so many */
export function countMissing({ page, size = PAGE_SIZE }: PageAddress, { length, total }: PageFacts): number {
  return Math.max(0, (total ?? 0) - ((page - 1) * size + length));
}

/** @returns `X-Total-Count` */
export function totalOf({ headers }: ApiResponse): number | undefined {
  const text = headers['x-total-count'] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
