/** Parses GitHub's runs. Pure. */
import { z } from 'zod';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { parseRuns, parseShape as parseShapeOf } from '../elements.ts';
import { commit, id, instant, MAX_ELEMENTS, padNumber, text, webUrl } from '../fields.ts';

export const repository = z.object({ id });

/** A contract test compares this with GitHub's OpenAPI description. */
export const githubRunSchema = z.object({
  id,
  run_number: id,
  // Missing from runs of older GitHub Enterprise servers.
  run_attempt: z.int().positive().default(1),
  path: text,
  // Some proxies and older servers omit it. Then only the path distinguishes workflows.
  workflow_id: id.nullish(),
  head_branch: text.nullable(),
  head_sha: commit,
  event: text,
  status: text.nullable(),
  conclusion: text.nullable(),
  html_url: z.unknown().optional(),
  created_at: instant,
  updated_at: instant,
  // Start of this attempt. Missing from runs of older GitHub Enterprise servers.
  run_started_at: instant.nullish(),
  // The author's machine sets this date, so an invalid one must not make the run unreadable.
  head_commit: z.object({ timestamp: z.unknown().optional() }).nullish(),
  repository,
  // Null if the fork was deleted.
  head_repository: repository.nullish(),
});

const runPageSchema = z.object({
  total_count: z.int().nonnegative(),
  workflow_runs: z.array(z.unknown()).max(MAX_ELEMENTS),
});

/** The parts of an element that does not match the schema. */
const remainsSchema = z
  .object({
    id: id.nullable().catch(null),
    head_branch: githubRunSchema.shape.head_branch
      .transform((branch) => branch ?? '')
      .nullable()
      .catch(null),
    head_sha: githubRunSchema.shape.head_sha.nullable().catch(null),
    created_at: instant.nullable().catch(null),
  })
  .catch({ id: null, head_branch: null, head_sha: null, created_at: null });

/** @throws UpstreamError `malformed` */
export function parseRun(value: unknown, host: string): Run {
  return toRun(parseShape(githubRunSchema, value, host));
}

export interface ParsedRunPage {
  readonly total: number;
  /** Newest first. */
  readonly runs: readonly Run[];
  /** Elements that cannot be parsed. */
  readonly unread: readonly UnreadRun[];
}

/** @throws UpstreamError `malformed` if the response is not a list of runs */
export function parseRunPage(value: unknown, host: string): ParsedRunPage {
  const page = parseShape(runPageSchema, value, host);
  return { total: page.total_count, ...parseRuns(page.workflow_runs, RUN_ELEMENTS, { host, api: API }) };
}

const RUN_ELEMENTS = { list: 'workflow_runs', schema: githubRunSchema, toRun, salvage };

function salvage(element: unknown): Omit<UnreadRun, 'problem'> {
  const parts = remainsSchema.parse(element);
  return {
    id: parts.id,
    branch: parts.head_branch,
    commit: parts.head_sha,
    position: parts.created_at,
    tie: parts.id === null ? null : padNumber(parts.id),
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
    queuedFor: queuedFor(run.head_branch, run.event),
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
    tie: padNumber(run.id),
    createdAt: run.created_at,
    startedAt: run.run_started_at ?? run.created_at,
    updatedAt: run.updated_at,
    committedAt: commitTime(run.head_commit?.timestamp),
  };
}

/**
 * The branch of a merge group: `gh-readonly-queue/main/pr-12-` and the commit that it is based on
 * (`merge_group.head_ref` in https://docs.github.com/webhooks/webhook-events-and-payloads#merge_group).
 */
const QUEUE_BRANCH = /^gh-readonly-queue\/(.+)\/pr-\d+-[0-9a-f]+$/;

function queuedFor(branch: string | null, event: string): string | undefined {
  return event === 'merge_group' ? QUEUE_BRANCH.exec(branch ?? '')?.[1] : undefined;
}

function stateOf(completed: boolean, conclusion: string | null): Run['state'] {
  if (!completed) return 'running';
  return conclusion === 'success' || conclusion === 'skipped' ? conclusion : 'unsuccessful';
}

/**
 * By default, `pull_request` checks out the pull request's merge commit, and `pull_request_target` the base
 * (https://docs.github.com/actions/reference/events-that-trigger-workflows#pull_request).
 */
const BUILDS_ANOTHER_COMMIT: ReadonlySet<string> = new Set(['pull_request', 'pull_request_target']);

/**
 * For a tag, `head_branch` is the tag's name. Only the ref after the workflow's path reveals that, or an
 * event that only tags have
 * (https://docs.github.com/actions/reference/events-that-trigger-workflows#release). A bare name may be
 * either.
 */
function refKindOf(path: string, event: string): Run['refKind'] {
  const ref = (REF.exec(path)?.[1] ?? '').replace(/^refs\//, '');
  if (ref.startsWith('tags/') || event === 'release') return 'tag';
  if (ref.startsWith('heads/')) return 'branch';
  return ref.startsWith('pull/') ? 'pull_request' : 'unknown';
}

const REF = /(?<=\.ya?ml)@(.*)$/is;

/** `path` may end in `@ref`. A file name may contain `@` too, so the ref begins after the extension. */
function withoutRef(path: string): string {
  return path.replace(REF, '');
}

function commitTime(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}
