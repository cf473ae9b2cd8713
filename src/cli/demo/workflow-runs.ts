/** Workflow runs as GitHub's API lists them, from memory. The fake GitHub of the tests builds on this. */
import { createJsonReply, type Reply } from './loopback-server.ts';

/** The part of GitHub's `workflow-run` that Greenpin reads. Names and meanings are GitHub's. */
export interface FakeRun {
  id: number;
  name: string | null;
  run_number: number;
  run_attempt: number;
  path: string;
  workflow_id: number;
  head_branch: string | null;
  head_sha: string;
  event: string;
  status: string | null;
  conclusion: string | null;
  html_url: string;
  created_at: string;
  updated_at: string;
  run_started_at: string;
  head_commit: { id: string; timestamp: string } | null;
  repository: FakeRepositoryLink;
  head_repository: FakeRepositoryLink | null;
}

export interface FakeRepositoryLink {
  readonly id: number;
  readonly full_name: string;
}

/** The fake's first minute. A run's default creation time is its number in minutes after that. */
const EPOCH = Date.parse('2026-01-01T00:00:00Z');
const WORKFLOW = '.github/workflows/build.yml';

/** GitHub's filtered listings end after this many runs. */
const FILTERED_LIMIT = 1000;

/** @param given fields that differ from those of a finished, green push to `main` */
export function createRun(
  { id: repositoryId, full_name }: FakeRepositoryLink,
  id: number,
  given: Partial<FakeRun> = {},
): FakeRun {
  const number = given.run_number ?? id % 1_000_000;
  const created = given.created_at ?? formatTime(EPOCH + number * 60_000);
  const commit = given.head_sha ?? number.toString(16).padStart(40, '0');
  const repository = { id: repositoryId, full_name };
  return {
    id,
    name: 'build',
    run_number: number,
    run_attempt: 1,
    path: WORKFLOW,
    workflow_id: hashPath(given.path ?? WORKFLOW),
    head_branch: 'main',
    head_sha: commit,
    event: 'push',
    status: 'completed',
    conclusion: (given.status ?? 'completed') === 'completed' ? 'success' : null,
    html_url: `https://github.com/${full_name}/actions/runs/${id}`,
    created_at: created,
    updated_at: formatTime(Date.parse(created) + 30_000),
    run_started_at: created,
    head_commit: { id: commit, timestamp: formatTime(Date.parse(created) - 10_000) },
    repository,
    head_repository: repository,
    ...given,
  };
}

/** Answers "List workflow runs for a repository": newest first, filtered by `branch` and `created`, in pages. */
export function listRuns(runs: readonly FakeRun[], url: URL): Reply {
  const branch = url.searchParams.get('branch');
  const createdBy = url.searchParams.get('created')?.slice('<='.length) ?? '9999';
  const all = runs
    .filter((run) => (branch === null || run.head_branch === branch) && run.created_at <= createdBy)
    .toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at) || b.id - a.id);
  const { items, headers } = paginate(branch === null ? all : all.slice(0, FILTERED_LIMIT), url);
  return createJsonReply(200, { total_count: all.length, workflow_runs: items }, headers);
}

/** @returns the page that `url` requests, and its Link header if there is more than one page */
export function paginate<T>(all: readonly T[], url: URL): { items: T[]; headers: { link?: string } } {
  const size = Number(url.searchParams.get('per_page') ?? 30);
  const page = Number(url.searchParams.get('page') ?? 1);
  const last = Math.ceil(all.length / size);
  const formatLink = (target: number, relation: string) => {
    const link = new URL(url);
    link.searchParams.set('page', String(target));
    return `<${link.href}>; rel="${relation}"`;
  };
  const links = [
    ...(page > 1 ? [formatLink(page - 1, 'prev'), formatLink(1, 'first')] : []),
    ...(page < last ? [formatLink(page + 1, 'next'), formatLink(last, 'last')] : []),
  ];
  const items = all.slice((page - 1) * size, page * size);
  return { items, headers: links.length === 0 ? {} : { link: links.join(', ') } };
}

/** @returns a workflow's id: the same for each of its runs */
function hashPath(path: string): number {
  const file = path.replace(/@.*$/, '');
  return Buffer.from(file).reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 7);
}

/** @param time milliseconds since the epoch. @returns RFC 3339 in whole seconds, as GitHub writes it */
export function formatTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
