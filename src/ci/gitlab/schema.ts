/** Parses GitLab's pipelines: https://docs.gitlab.com/api/pipelines/. Pure. */
import { z } from 'zod';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { parseRuns, parseShape, type Source } from '../elements.ts';
import { commit, id, instant, MAX_ELEMENTS, text, webUrl } from '../fields.ts';

/** What a list says of a pipeline. */
const pipelineSchema = z.object({
  // Positions and the order of pages are ids, so one that a number cannot hold is unreadable.
  id: z.int().positive(),
  // CI_PIPELINE_IID, since GitLab 14.6.
  iid: id,
  project_id: id,
  sha: commit,
  ref: text.min(1),
  status: text,
  source: text,
  created_at: instant,
  updated_at: instant,
  web_url: z.unknown().optional(),
});

/** Only the answer about a single pipeline says whether its ref is a tag. */
const singlePipelineSchema = pipelineSchema.extend({ tag: z.boolean() });

export type Pipeline = z.output<typeof pipelineSchema>;

const listSchema = z.array(z.unknown()).max(MAX_ELEMENTS);

/** The parts of an element that does not match the schema. */
const remainsSchema = z
  .object({
    id: z.int().positive().nullable().catch(null),
    ref: text.nullable().catch(null),
    sha: commit.nullable().catch(null),
    created_at: instant.nullable().catch(null),
  })
  .catch({ id: null, ref: null, sha: null, created_at: null });

/** Facts about pipelines that no list says. */
export interface PipelineFacts {
  /** @returns `tag` for an unknown pipeline too, so that it does not count as the branch's */
  refKindOf(pipeline: Pipeline): 'branch' | 'tag';
  /** The head of the merge request that a merged result was made of. */
  headOf(pipeline: Pipeline): string;
}

/** @throws UpstreamError `malformed` if the response is not a list */
export function parseElements(value: unknown, source: Source): readonly unknown[] {
  return parseShape(listSchema, value, source);
}

/** @returns the elements that can be read */
export function selectPipelines(elements: readonly unknown[]): readonly Pipeline[] {
  return elements.flatMap((element) => pipelineSchema.safeParse(element).data ?? []);
}

/** @throws UpstreamError `malformed` if most of many elements cannot be read */
export function parsePipelines(elements: readonly unknown[], facts: PipelineFacts, source: Source) {
  const toRun = (pipeline: Pipeline): Run => toRunOf(pipeline, facts);
  return parseRuns(elements, { list: '', schema: pipelineSchema, toRun, salvage }, source);
}

/** @throws UpstreamError `malformed` */
export function parsePipeline(value: unknown, source: Source): Pipeline & { readonly tag: boolean } {
  return parseShape(singlePipelineSchema, value, source);
}

/**
 * The refs of a merge request's pipelines
 * (https://docs.gitlab.com/ci/pipelines/merge_request_pipelines/): `head` builds the source branch, `merge`
 * and `train` build a merge commit that is on no branch.
 */
const MERGE_REQUEST_REF = /^refs\/merge-requests\/(\d+)\/(head|merge|train)$/;

/** @returns number of the merge request; undefined for a pipeline of a branch or tag */
export function mergeRequestOf({ ref }: Pick<Pipeline, 'ref'>): string | undefined {
  return MERGE_REQUEST_REF.exec(ref)?.[1];
}

export function buildsMergedResult({ ref }: Pick<Pipeline, 'ref'>): boolean {
  return (MERGE_REQUEST_REF.exec(ref)?.[2] ?? 'head') !== 'head';
}

/** GitLab forbids branches and tags that begin with `refs/`. */
export function isNamedRef({ ref }: Pick<Pipeline, 'ref'>): boolean {
  return !ref.startsWith('refs/');
}

export function toRunOf(pipeline: Pipeline, facts: PipelineFacts): Run {
  const { ref, sha, status, source } = pipeline;
  const pullRequest = mergeRequestOf(pipeline) ?? null;
  const isNamed = isNamedRef(pipeline);
  return {
    id: String(pipeline.id),
    number: pipeline.iid,
    // A retry keeps the pipeline, and GitLab does not count it.
    attempt: 1,
    workflow: null,
    workflowId: null,
    branch: isNamed ? ref : null,
    pullRequest,
    refKind: isNamed ? facts.refKindOf(pipeline) : pullRequest === null ? 'unknown' : 'pull_request',
    commit: facts.headOf(pipeline),
    builtCommit: sha,
    event: source,
    state: STATES[status] ?? 'unsuccessful',
    outcome: status,
    headRepositoryId: pullRequest === null ? pipeline.project_id : null,
    // A member may run a fork's merge request in the parent project; only the merge request's record tells.
    origin: pullRequest === null ? 'own' : 'unknown',
    mayPush: true,
    url: webUrl(pipeline.web_url),
    position: pipeline.id,
    tie: '',
    createdAt: pipeline.created_at,
    startedAt: pipeline.created_at,
    updatedAt: pipeline.updated_at,
    committedAt: null,
  };
}

/** `Ci::HasStatus` (gitlab-org/gitlab, app/models/concerns/ci/has_status.rb). Unlisted: unsuccessful. */
const STATES: Readonly<Record<string, Run['state']>> = {
  created: 'running',
  waiting_for_resource: 'running',
  preparing: 'running',
  waiting_for_callback: 'running',
  pending: 'running',
  running: 'running',
  canceling: 'running',
  // A delayed job starts by itself.
  scheduled: 'running',
  // A manual job that is not optional.
  manual: 'blocked',
  // Also if jobs failed that are allowed to.
  success: 'success',
  skipped: 'skipped',
};

function salvage(element: unknown): Omit<UnreadRun, 'problem'> {
  const { id: number, ref, sha, created_at: createdAt } = remainsSchema.parse(element);
  const branch = ref?.startsWith('refs/') === true ? '' : ref;
  return {
    id: number === null ? null : String(number),
    branch,
    // A merged result is another commit than its merge request's head.
    commit: branch === '' ? null : sha,
    position: number,
    tie: '',
    createdAt,
  };
}
