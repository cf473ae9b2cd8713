/** GitHub's JSON, translated into the core's values. Pure. */
import { z } from 'zod';
import type { PullRequestHead, UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { malformedError } from '../../upstream/failures.ts';

/** No name that GitHub allows comes near this; a longer one is no answer of GitHub's. */
const text = z.string().max(1024);

/**
 * Ids exceed 32 bits. Integers beyond 2^53 arrive as bigints (`parseBoundedJson`), so none is rounded; a number that is not a safe
 * integer is refused.
 */
const id = z.union([z.int().positive(), z.bigint().positive()]).transform(String);

export const instant = z.iso.datetime({ offset: true }).transform((value) => Date.parse(value));

const repository = z.object({ id });

/** What is read of GitHub's `workflow-run`; a contract test holds it against GitHub's OpenAPI description. */
export const githubRunSchema = z.object({
  id,
  run_number: id,
  // Missing from runs of older GitHub Enterprise servers.
  run_attempt: z.int().positive().default(1),
  path: text,
  // Missing where a proxy or an older server leaves it out: then the path alone tells workflows apart.
  workflow_id: id.nullish(),
  head_branch: text.nullable(),
  head_sha: z
    .string()
    .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i)
    .toLowerCase(),
  event: text,
  status: text.nullable(),
  conclusion: text.nullable(),
  html_url: z.unknown().optional(),
  created_at: instant,
  updated_at: instant,
  // Of this attempt. Missing from runs of older GitHub Enterprise servers.
  run_started_at: instant.nullish(),
  // The date in a commit is whatever its author's machine wrote: it must not make a repository's runs unreadable.
  head_commit: z.object({ timestamp: z.unknown().optional() }).nullish(),
  repository,
  // Null when the fork was deleted.
  head_repository: repository.nullish(),
});

/** GitHub's largest page has 100; each element that is none costs time to find that out. */
const MOST_ELEMENTS = 1000;

const runPageSchema = z.object({
  total_count: z.int().nonnegative(),
  workflow_runs: z.array(z.unknown()).max(MOST_ELEMENTS),
});

/** What is read of an element that is no run as the schema has it, part by part. */
const remainsSchema = z.object({
  id: id.nullable().catch(null),
  head_branch: githubRunSchema.shape.head_branch
    .transform((branch) => branch ?? '')
    .nullable()
    .catch(null),
  head_sha: githubRunSchema.shape.head_sha.nullable().catch(null),
  created_at: instant.nullable().catch(null),
});
const NOTHING_READ = { id: null, head_branch: null, head_sha: null, created_at: null };

/** An answer most of whose elements are odd is no list of GitHub's; of a short one that cannot be said. */
const MOST_UNREAD = 0.5;
const FEW_ELEMENTS = 10;

/** https://docs.github.com/rest/pulls/pulls#get-a-pull-request */
const pullRequestSchema = z.object({
  // Not needed to tell whose it is.
  created_at: instant.nullish().catch(null),
  // Null when the fork was deleted.
  head: z.object({ repo: repository.nullish() }),
  base: z.object({ repo: repository }),
});

/**
 * @param value one element of `workflow_runs`, or the answer for one run
 * @throws UpstreamError `malformed`
 */
export function parseRun(value: unknown, host: string): Run {
  return toRun(parseShape(githubRunSchema, value, host));
}

/** What a list of runs shows, newest first. */
export interface ParsedRunPage {
  readonly total: number;
  readonly runs: readonly Run[];
  /** Elements that cannot be read. */
  readonly unread: readonly UnreadRun[];
}

/** @throws UpstreamError `malformed`: the answer is no list of runs; one odd run is skipped, and does not make it none */
export function parseRunPage(value: unknown, host: string): ParsedRunPage {
  const page = parseShape(runPageSchema, value, host);
  const runs: Run[] = [];
  const unread: UnreadRun[] = [];
  let createdBy: number | null = null;
  for (const element of page.workflow_runs) {
    const read = githubRunSchema.safeParse(element);
    const one: Run | UnreadRun = read.success ? toRun(read.data) : remainsOf(element, read.error, createdBy);
    if ('problem' in one) unread.push(one);
    else runs.push(one);
    createdBy = one.createdAt ?? createdBy;
  }
  const [first] = unread;
  const count = page.workflow_runs.length;
  if (first !== undefined && count >= FEW_ELEMENTS && unread.length > count * MOST_UNREAD) {
    throw malformedError(host, `${first.problem} that is not as GitHub's API describes it`);
  }
  return { total: page.total_count, runs, unread };
}

/** @param createdBy when the element before it was created, which is newer; null: there is none, or it does not tell */
function remainsOf(element: unknown, error: z.ZodError, createdBy: number | null): UnreadRun {
  const remains = remainsSchema.safeParse(element).data ?? NOTHING_READ;
  return {
    id: remains.id,
    branch: remains.head_branch,
    commit: remains.head_sha,
    createdAt: remains.created_at ?? createdBy,
    problem: describeProblem(error, 'workflow_runs'),
  };
}

/** What is read of a pull request; `createdAt` by GitHub's clock, milliseconds since the epoch. */
type ParsedPullRequest = Omit<PullRequestHead, 'openedAfter'> & { readonly createdAt: number | null };

/** @throws UpstreamError `malformed` */
export function parsePullRequest(value: unknown, host: string): ParsedPullRequest {
  const { head, base, created_at: createdAt } = parseShape(pullRequestSchema, value, host);
  const headRepositoryId = head.repo?.id ?? null;
  const foreign = headRepositoryId !== base.repo.id;
  return { kind: 'known', createdAt: createdAt ?? null, headRepositoryId, foreign };
}

/** @throws UpstreamError `malformed`, which names the field, without its place in a list: the message is to be stable */
export function parseShape<T>(schema: z.ZodType<T>, value: unknown, host: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const what = describeProblem(result.error);
  throw malformedError(host, `${what} that is not as GitHub's API describes it`, result.error);
}

/** @returns `a field workflow_runs.id`; without its place in a list: messages are to be stable */
function describeProblem(error: z.ZodError, ...within: readonly string[]): string {
  const path = error.issues[0]?.path.filter((part) => typeof part === 'string') ?? [];
  const field = path.length === 0 ? '' : [...within, ...path].join('.');
  return field === '' ? 'something' : `a field ${field}`;
}

function toRun(run: z.infer<typeof githubRunSchema>): Run {
  const completed = run.status === 'completed';
  const headRepositoryId = run.head_repository?.id ?? null;
  const foreign = headRepositoryId !== run.repository.id;
  return {
    id: run.id,
    number: run.run_number,
    attempt: run.run_attempt,
    workflow: withoutRef(run.path),
    workflowId: run.workflow_id ?? '',
    branch: run.head_branch ?? '',
    refKind: refKindOf(run.path, run.event),
    commit: run.head_sha,
    builtCommit: BUILDS_ANOTHER_COMMIT.has(run.event) ? null : run.head_sha,
    event: run.event,
    state: stateOf(completed, run.conclusion),
    outcome: (completed ? run.conclusion : run.status) ?? 'unknown',
    headRepositoryId,
    foreign,
    mayPush: !(foreign && run.event === 'pull_request'),
    url: webUrl(run.html_url),
    createdAt: run.created_at,
    startedAt: run.run_started_at ?? run.created_at,
    updatedAt: run.updated_at,
    committedAt: commitTime(run.head_commit?.timestamp),
  };
}

function stateOf(completed: boolean, conclusion: string | null): Run['state'] {
  if (!completed) return 'running';
  return conclusion === 'success' || conclusion === 'skipped' ? conclusion : 'unsuccessful';
}

/**
 * A pull request's merge commit is checked out by default, and for `pull_request_target` the base's
 * (https://docs.github.com/actions/reference/events-that-trigger-workflows#pull_request).
 */
const BUILDS_ANOTHER_COMMIT: ReadonlySet<string> = new Set(['pull_request', 'pull_request_target']);

/**
 * A tag's run bears the tag's name as its `head_branch`: only the ref after the workflow's path tells, or an event that there is of
 * tags only (https://docs.github.com/actions/reference/events-that-trigger-workflows#release). A bare name may be either's.
 */
function refKindOf(path: string, event: string): Run['refKind'] {
  const ref = (REF.exec(path)?.[1] ?? '').replace(/^refs\//, '');
  if (ref.startsWith('tags/') || event === 'release') return 'tag';
  if (ref.startsWith('heads/')) return 'branch';
  return ref.startsWith('pull/') ? 'pull_request' : 'unknown';
}

const REF = /(?<=\.ya?ml)@(.*)$/is;

/** `path` may end in `@ref`, and a file's own name may hold an `@`: the ref begins after the file's extension. */
function withoutRef(path: string): string {
  return path.replace(REF, '');
}

/** The address is shown as a link, so nothing but the web's schemes is let through. */
function webUrl(value: unknown): string {
  if (typeof value !== 'string' || value.length > 2048 || !URL.canParse(value)) return '';
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '' ? value : '';
}

function commitTime(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}
