/** Parses the pipelines of Bitbucket Cloud. Pure. */
import { z } from 'zod';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { parseRuns, parseShape, type Source } from '../elements.ts';
import { commit, instant, text, webUrl } from '../fields.ts';
import { API } from './page.ts';

/** `{1a2b...}`; the id has no braces, since a tag cannot contain them. */
const uuid = z
  .string()
  .regex(/^\{[0-9a-f-]{36}\}$/i)
  .transform((braced) => braced.slice(1, -1).toLowerCase());

const named = z.object({ name: text }).nullish();

const selectorSchema = z.object({ type: text, pattern: text.nullish() });

/**
 * A contract test compares this with Bitbucket's OpenAPI description, which leaves the target's fields open;
 * they are those of its examples (`POST /repositories/{workspace}/{repo_slug}/pipelines`).
 */
const targetSchema = z.object({
  // pipeline_ref_target, pipeline_commit_target or pipeline_pullrequest_target
  type: text,
  ref_type: text.nullish(),
  ref_name: text.nullish(),
  // The branch of a pull request.
  source: text.nullish(),
  // Whoever starts a pipeline by the API may name 12 digits. Such a pipeline cannot be judged.
  commit: z.object({ hash: commit }),
  selector: selectorSchema.nullish(),
});

export const pipelineSchema = z.object({
  uuid,
  build_number: z.int().positive(),
  // Counts the attempts: "Rerun failed steps" goes on with the same pipeline.
  run_number: z.int().positive().nullish().catch(null),
  state: z.object({ name: text, stage: named, result: named }),
  target: targetSchema,
  trigger: z.object({ type: text.nullish(), name: text.nullish() }).nullish(),
  repository: z.object({ uuid: text }).nullish().catch(null),
  created_on: instant,
  run_creation_date: instant.nullish().catch(null),
  completed_on: instant.nullish().catch(null),
  links: z
    .object({ html: z.object({ href: z.unknown() }).nullish() })
    .nullish()
    .catch(null),
});

export type RawPipeline = z.output<typeof pipelineSchema>;

/** What to request of each pipeline: its variables, creator and steps are of no interest. */
export const PIPELINE_FIELDS: readonly string[] = [
  'uuid',
  'build_number',
  'run_number',
  'state',
  'target.type',
  'target.ref_type',
  'target.ref_name',
  'target.source',
  'target.commit.hash',
  'target.selector',
  'trigger',
  'repository.uuid',
  'created_on',
  'run_creation_date',
  'completed_on',
  'links.html.href',
];

/** The readable parts of a pipeline that does not match the schema. */
const partsSchema = z
  .object({
    uuid: uuid.nullable().catch(null),
    build_number: z.int().positive().nullable().catch(null),
    created_on: instant.nullable().catch(null),
    target: z
      .object({ ref_name: text.nullish().catch(null), source: text.nullish().catch(null) })
      .nullable()
      .catch(null),
  })
  .catch({ uuid: null, build_number: null, created_on: null, target: null });

/** What a pipeline does not say about itself. */
export interface PipelineContext {
  readonly gitRepository: string;
  /** Bitbucket's clock in the response, milliseconds since the epoch; undefined if not reported. */
  readonly clock: number | undefined;
}

/** @throws UpstreamError `malformed` */
export function parsePipeline(value: unknown, context: PipelineContext, host: string): Run {
  return toRun(parseShape(pipelineSchema, value, { host, api: API }), context);
}

/** @param elements newest first @throws UpstreamError `malformed` if most of many are no pipelines */
export function parsePipelines(elements: readonly unknown[], context: PipelineContext, source: Source) {
  const toOwnRun = (raw: RawPipeline) => toRun(raw, context);
  return parseRuns(elements, { list: 'values', schema: pipelineSchema, toRun: toOwnRun, salvage }, source);
}

function toRun(raw: RawPipeline, { gitRepository, clock }: PipelineContext): Run {
  const { target, created_on: createdAt } = raw;
  const ref = refOf(target);
  const workflow = workflowOf(target);
  const startedAt = raw.run_creation_date ?? createdAt;
  const state = stateOf(raw);
  return {
    id: raw.uuid,
    number: String(raw.build_number),
    attempt: raw.run_number ?? 1,
    workflow,
    workflowId: workflow,
    branch: ref.name,
    pullRequest: null,
    refKind: ref.kind,
    commit: target.commit.hash,
    // The clone is merged with the destination before the build, but BITBUCKET_COMMIT is the source's commit.
    builtCommit: ref.kind === 'pull_request' ? null : target.commit.hash,
    event: eventOf(raw),
    state,
    outcome: outcomeOf(raw),
    headRepositoryId: raw.repository?.uuid ?? gitRepository,
    // Pull requests from forks run no pipelines of the repository (jira.atlassian.com, BCLOUD-13162).
    origin: 'own',
    mayPush: true,
    url: webUrl(raw.links?.html?.href) || pageOf(raw, gitRepository),
    position: raw.build_number,
    tie: '',
    createdAt,
    startedAt,
    // A paused pipeline may have pushed until now.
    updatedAt: raw.completed_on ?? (state === 'blocked' ? (clock ?? startedAt) : startedAt),
    committedAt: null,
  };
}

function pageOf({ build_number: number }: RawPipeline, gitRepository: string): string {
  return `https://bitbucket.org/${gitRepository}/pipelines/results/${number}`;
}

/** A pipeline of a bare commit has no branch, and neither has one of a Mercurial bookmark. */
function refOf({ type, ref_type: refType, ref_name: name = null, source = null }: RawPipeline['target']): {
  readonly kind: Run['refKind'];
  readonly name: string | null;
} {
  if (type === 'pipeline_pullrequest_target') return { kind: 'pull_request', name: source };
  if (refType === 'branch') return { kind: 'branch', name };
  if (refType === 'tag' || refType === 'annotated_tag') return { kind: 'tag', name };
  return { kind: 'unknown', name: null };
}

/** @returns `branches:main`, `default`, `custom:deploy`, `pull-requests:**`; null if CI does not say */
function workflowOf({ selector }: RawPipeline['target']): string | null {
  if (selector == null) return null;
  return selector.pattern == null ? selector.type : `${selector.type}:${selector.pattern}`;
}

/**
 * Bitbucket names what started the pipeline (push, manual, schedule, parent step). By hand, a branch's or
 * pull request's own definition does what it does by itself (only custom pipelines have variables), so it
 * replaces that pipeline; `manual` is for custom ones.
 */
function eventOf({ trigger, target }: RawPipeline): string {
  const word = (trigger?.type ?? trigger?.name ?? '').toLowerCase().replace(/^pipeline_trigger_/, '');
  if (word.startsWith('schedule')) return 'schedule';
  if (word.startsWith('parent')) return 'parent';
  if (target.selector?.type === 'custom') return 'manual';
  if (target.type === 'pipeline_pullrequest_target') return 'pull_request';
  return word === 'manual' || word === '' ? 'push' : word;
}

/**
 * PAUSED: the steps so far succeeded, and the next one is manual. HALTED is no such wait, but for example the
 * end of the plan's build minutes (badges/shields#12098): something is still to be built.
 */
function stateOf({ state: { name, stage, result } }: RawPipeline): Run['state'] {
  if (name === 'COMPLETED') return result?.name === 'SUCCESSFUL' ? 'success' : 'unsuccessful';
  if ((stage?.name ?? name) === 'PAUSED') return 'blocked';
  return UNFINISHED.has(name) ? 'running' : 'unsuccessful';
}

const UNFINISHED: ReadonlySet<string> = new Set(['PARSING', 'PENDING', 'IN_PROGRESS', 'BUILDING', 'HALTED']);

function outcomeOf({ state: { name, stage, result } }: RawPipeline): string {
  return result?.name ?? stage?.name ?? name;
}

function salvage(element: unknown): Omit<UnreadRun, 'problem'> {
  const parts = partsSchema.parse(element);
  return {
    id: parts.uuid,
    branch: parts.target?.source ?? parts.target?.ref_name ?? null,
    commit: null,
    position: parts.build_number,
    tie: null,
    createdAt: parts.created_on,
  };
}
