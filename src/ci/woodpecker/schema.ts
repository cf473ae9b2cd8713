/** Parses Woodpecker's pipelines (server/model/pipeline.go). Pure. */
import { z } from 'zod';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { parseRuns, parseShape, type Source } from '../elements.ts';
import { commit, id, MAX_ELEMENTS, padNumber, text, webUrl } from '../fields.ts';

/** Seconds since the epoch; 0 for a time that has not come yet. */
const seconds = z.int().nonnegative().max(1e11);

export const pipelineSchema = z.object({
  id,
  number: z.int().positive(),
  // Number of the pipeline that was restarted.
  parent: z.int().nonnegative().default(0),
  event: text.min(1),
  status: text.min(1),
  created: seconds.min(1),
  updated: seconds.default(0),
  started: seconds.default(0),
  finished: seconds.default(0),
  commit,
  branch: text.default(''),
  ref: text.default(''),
  // `head:base` of a pull request.
  refspec: text.default(''),
  // Left out if false, and by servers before 3.0.
  from_fork: z.boolean().default(false),
  // Version of the server that created the pipeline, since 3.14.
  version: text.default(''),
});

type Pipeline = z.output<typeof pipelineSchema>;

/** The readable parts of a pipeline that does not match the schema. */
const partsSchema = z.object({
  number: z.int().positive().nullable().catch(null),
  event: text.catch(''),
  branch: text.nullable().catch(null),
  commit: commit.nullable().catch(null),
  created: seconds.nullable().catch(null),
});

const listSchema = z.array(z.unknown()).max(MAX_ELEMENTS);

const repositorySchema = z.object({ id });

/** `blocked` waits for an approval. */
const STATES: ReadonlyMap<string, Run['state']> = new Map([
  ['created', 'running'],
  ['pending', 'running'],
  ['running', 'running'],
  ['blocked', 'blocked'],
  ['success', 'success'],
  ['skipped', 'skipped'],
]);

/** Facts that an answer does not contain. */
export interface PipelineContext {
  /** Woodpecker's id of the repository. */
  readonly repositoryId: string;
  /** URL of the pipelines' pages. */
  readonly webUrl: string;
}

/** @returns the repository's id @throws UpstreamError `malformed` */
export function parseRepositoryId(value: unknown, source: Source): string {
  return parseShape(repositorySchema, value, source).id;
}

/** @throws UpstreamError `malformed` */
export function parsePipeline(value: unknown, context: PipelineContext, source: Source): Run {
  return toRun(parseShape(pipelineSchema, value, source), context);
}

/** @throws UpstreamError `malformed` if the answer is not a list of pipelines */
export function parsePipelines(value: unknown, context: PipelineContext, source: Source) {
  const elements = parseShape(listSchema, value, source);
  const toOwnRun = (pipeline: Pipeline) => toRun(pipeline, context);
  const parsed = parseRuns(elements, { list: '', schema: pipelineSchema, toRun: toOwnRun, salvage }, source);
  return { ...parsed, count: elements.length };
}

function toRun(pipeline: Pipeline, { repositoryId, webUrl: pages }: PipelineContext): Run {
  const { number, created, started, updated, finished } = pipeline;
  const ref = describeRef(pipeline);
  const origin = ref.refKind === 'pull_request' ? originOfPullRequest(pipeline) : 'own';
  return {
    id: String(number),
    number: String(number),
    attempt: 1,
    workflow: null,
    workflowId: null,
    ...ref,
    commit: pipeline.commit,
    // GitHub's pull requests may be built merged with their base.
    builtCommit: pipeline.ref.endsWith('/merge') ? null : pipeline.commit,
    event: pipeline.event,
    state: STATES.get(pipeline.status) ?? 'unsuccessful',
    outcome: pipeline.status,
    headRepositoryId: headOf(origin, ref.pullRequest, repositoryId),
    origin,
    // A repository's owner decides which secrets a fork's pipeline gets, and the answer does not say.
    mayPush: true,
    url: webUrl(`${pages}/${number}`),
    position: number,
    tie: padNumber(String(number)),
    createdAt: created * SECOND,
    startedAt: (started === 0 ? created : started) * SECOND,
    // `finished` is by the agent's clock, which may be behind the server's.
    updatedAt: Math.max(created, started, updated, finished) * SECOND,
    committedAt: null,
  };
}

const SECOND = 1000;

/** `refs/pull/7/head`, `refs/pull/7/merge`, `refs/merge-requests/7/head`, `refs/pull-requests/7/from`. */
const PULL_REQUEST_REF = /^refs\/(?:pull|merge-requests|pull-requests)\/([1-9]\d*)\/\w+$/;
const TAG_REF = /^refs\/tags\/(.+)$/s;

/**
 * For a pull request, `branch` is the target branch, except on GitLab (server/forge/: only gitlab/convert.go
 * takes the source). A branch filter would therefore not find the runs of a head branch, so the number names
 * them.
 */
function describeRef({ event, ref, branch }: Pipeline): Pick<Run, 'branch' | 'pullRequest' | 'refKind'> {
  const pullRequest = PULL_REQUEST_REF.exec(ref)?.[1];
  if (pullRequest !== undefined || isOfPullRequest(event)) {
    return { branch: null, pullRequest: pullRequest ?? null, refKind: 'pull_request' };
  }
  const tag = TAG_REF.exec(ref)?.[1];
  if (tag !== undefined || event === 'tag' || event === 'release') {
    return { branch: tag ?? null, pullRequest: null, refKind: 'tag' };
  }
  return { branch: branch === '' ? null : branch, pullRequest: null, refKind: 'branch' };
}

/** Woodpecker does not name the fork. All runs of one pull request come from the same one. */
function headOf(origin: Run['origin'], pullRequest: string | null, repositoryId: string): string | null {
  if (origin === 'own') return repositoryId;
  return origin === 'foreign' && pullRequest !== null ? `head of pull request ${pullRequest}` : null;
}

function isOfPullRequest(event: string): boolean {
  return event.startsWith('pull_request');
}

/**
 * A server before 3.0 did not record forks, and its pipelines look like own ones for ever. Only since 3.14
 * does a pipeline name the version that created it; a restart names the server's version then, and copies
 * the rest (server/pipeline/restart.go). On Gitea and Forgejo, the head of an AGit pull request is a ref of
 * the repository itself (`refs/pull/7/head`), although anyone may push one.
 */
function originOfPullRequest({ from_fork, version, parent, refspec }: Pipeline): Run['origin'] {
  if (from_fork) return 'foreign';
  const isBranch = refspec.includes(':') && !/^(?:refs\/|:)/.test(refspec);
  return version !== '' && parent === 0 && isBranch ? 'own' : 'unknown';
}

function salvage(element: unknown): Omit<UnreadRun, 'problem'> {
  const parts = partsSchema.safeParse(element).data;
  const { number = null, event = '', branch = null, commit: hash = null, created = null } = parts ?? {};
  const digits = number === null ? null : String(number);
  return {
    id: digits,
    branch: isOfPullRequest(event) ? null : branch,
    commit: hash,
    position: number,
    tie: digits === null ? null : padNumber(digits),
    createdAt: created === null ? null : created * SECOND,
  };
}
