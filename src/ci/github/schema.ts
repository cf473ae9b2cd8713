/** GitHub's JSON, translated into the core's values. Pure. */
import { z } from 'zod';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { parseRuns, parseShape as parseShapeOf } from '../elements.ts';

/** No name that GitHub allows comes near this; a longer one is no answer of GitHub's. */
export const text = z.string().max(1024);

/**
 * Ids exceed 32 bits. Integers beyond 2^53 arrive as bigints (`parseBoundedJson`), so none is rounded; a number that is not a safe
 * integer is refused.
 */
export const id = z.union([z.int().positive(), z.bigint().positive()]).transform(String);

export const instant = z.iso.datetime({ offset: true }).transform((value) => Date.parse(value));

export const commit = z
  .string()
  .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i)
  .toLowerCase();

export const repository = z.object({ id });

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
  head_sha: commit,
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
export const MAX_ELEMENTS = 1000;

const runPageSchema = z.object({
  total_count: z.int().nonnegative(),
  workflow_runs: z.array(z.unknown()).max(MAX_ELEMENTS),
});

/** The parts of an element that does not fit the schema. */
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

/** @throws UpstreamError `malformed` if the answer is no list of runs */
export function parseRunPage(value: unknown, host: string): ParsedRunPage {
  const page = parseShape(runPageSchema, value, host);
  return { total: page.total_count, ...parseRuns(page.workflow_runs, RUN_ELEMENTS, { host, api: API }) };
}

const RUN_ELEMENTS = { list: 'workflow_runs', schema: githubRunSchema, toRun, salvage };

function salvage(element: unknown): Omit<UnreadRun, 'problem'> {
  const parts = remainsSchema.safeParse(element).data ?? NOTHING_READ;
  return {
    id: parts.id,
    branch: parts.head_branch,
    commit: parts.head_sha,
    position: parts.created_at,
    tie: parts.id === null ? null : tieOf(parts.id),
    createdAt: parts.created_at,
  };
}

/** @throws UpstreamError `malformed` */
export function parseShape<T>(schema: z.ZodType<T>, value: unknown, host: string): T {
  return parseShapeOf(schema, value, { host, api: API });
}

const API = 'GitHub';

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
    branch: run.head_branch,
    pullRequest: null,
    refKind: refKindOf(run.path, run.event),
    commit: run.head_sha,
    builtCommit: BUILDS_ANOTHER_COMMIT.has(run.event) ? null : run.head_sha,
    event: run.event,
    state: stateOf(completed, run.conclusion),
    outcome: (completed ? run.conclusion : run.status) ?? 'unknown',
    headRepositoryId,
    origin: foreign ? 'foreign' : 'own',
    mayPush: !(foreign && run.event === 'pull_request'),
    url: webUrl(run.html_url),
    position: run.created_at,
    tie: tieOf(run.id),
    createdAt: run.created_at,
    startedAt: run.run_started_at ?? run.created_at,
    updatedAt: run.updated_at,
    committedAt: commitTime(run.head_commit?.timestamp),
  };
}

/** As text, padded ids compare as numbers do. */
function tieOf(runId: string): string {
  return runId.padStart(20, '0');
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
