/** Requests to Gitea and Forgejo. Pure. */
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

/**
 * Gitea links its pages, Forgejo only some. Without links, the length of the list decides, and the length of
 * the first page: servers reduce the requested one (`MAX_RESPONSE_ITEMS`).
 * @param length elements on this page
 * @param total length of the list; undefined if the answer does not say
 */
export function nextCursor(
  { page, size }: PageAddress,
  length: number,
  total: number | undefined,
  link: string | undefined,
): Cursor | undefined {
  const first = page === 1 ? length : size;
  const next = first === undefined ? String(page + 1) : `${page + 1}:${first}`;
  if (link !== undefined) return hasNext(link) ? next : undefined;
  if (length === 0) return undefined;
  const isEnd = total !== undefined && first !== undefined && (page - 1) * first + length >= total;
  return isEnd ? undefined : next;
}

/** @returns `X-Total-Count` */
export function totalOf({ headers }: ApiResponse): number | undefined {
  const text = headers['x-total-count'] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
