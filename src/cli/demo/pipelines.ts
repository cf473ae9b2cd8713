/** Pipelines as GitLab's API lists them, from memory. The fake GitLab of the tests builds on this. */
import { createJsonReply, type Reply } from './loopback-server.ts';

/** The part of GitLab's pipeline that Greenpin reads. Names and meanings are GitLab's. */
export interface FakePipeline {
  readonly id: number;
  iid: number;
  project_id: number;
  sha: string;
  ref: string;
  status: string;
  source: string;
  name: string | null;
  created_at: string;
  updated_at: string;
  web_url: string;
  /** Lists don't show it. */
  tag: boolean;
}

export interface FakeProjectLink {
  readonly id: number;
  readonly path_with_namespace: string;
}

/** The fake's first minute. A pipeline's default creation time is its number in minutes after that. */
const EPOCH = Date.parse('2026-01-01T00:00:00Z');
const MINUTE = 60_000;

/** GitLab does not count longer lists: https://docs.gitlab.com/api/rest/#other-pagination-headers */
const MOST_COUNTED = 10_000;

/** @param given fields that differ from those of a finished, green push to `main` */
export function createPipeline(
  project: FakeProjectLink,
  id: number,
  given: Partial<FakePipeline> = {},
): FakePipeline {
  const iid = given.iid ?? id % 1_000_000;
  const created = given.created_at ?? formatTime(EPOCH + iid * MINUTE);
  return {
    id,
    iid,
    project_id: project.id,
    sha: iid.toString(16).padStart(40, '0'),
    ref: 'main',
    status: 'success',
    source: 'push',
    name: null,
    created_at: created,
    updated_at: formatTime(Date.parse(created) + MINUTE / 2),
    web_url: `https://gitlab.example.com/${project.path_with_namespace}/-/pipelines/${id}`,
    tag: false,
    ...given,
  };
}

/** Answers "List project pipelines": newest first, unless ordered by the time of change. */
export function listPipelines(pipelines: readonly FakePipeline[], url: URL): Reply {
  const { searchParams } = url;
  const ref = searchParams.get('ref');
  const after = Date.parse(searchParams.get('updated_after') ?? '1970-01-01T00:00:00Z');
  const byChange = searchParams.get('order_by') === 'updated_at';
  const all = pipelines
    // Child pipelines are listed only on request.
    .filter(({ source }) => source !== 'parent_pipeline')
    .filter((each) => (ref === null || each.ref === ref) && Date.parse(each.updated_at) > after)
    .toSorted((a, b) => (byChange ? Date.parse(b.updated_at) - Date.parse(a.updated_at) : 0) || b.id - a.id);
  const ordered = searchParams.get('sort') === 'asc' ? all.toReversed() : all;
  return replyWithPage(ordered.map(toListed), url);
}

/** JSON leaves out what is undefined. */
export function toListed(pipeline: FakePipeline) {
  return { ...pipeline, tag: undefined };
}

/** @returns the page that `url` requests, with GitLab's paging headers */
export function replyWithPage(all: readonly unknown[], url: URL): Reply {
  const size = Math.min(100, Number(url.searchParams.get('per_page') ?? 20));
  const page = Number(url.searchParams.get('page') ?? 1);
  const last = Math.max(1, Math.ceil(all.length / size));
  const counts = all.length > MOST_COUNTED ? {} : { 'x-total': all.length, 'x-total-pages': last };
  return createJsonReply(200, all.slice((page - 1) * size, page * size), {
    'x-page': page,
    'x-per-page': size,
    'x-next-page': page < last ? String(page + 1) : '',
    ...counts,
  });
}

/** @param time milliseconds since the epoch. @returns RFC 3339 in milliseconds, as GitLab writes it */
export function formatTime(time: number): string {
  return new Date(time).toISOString();
}
