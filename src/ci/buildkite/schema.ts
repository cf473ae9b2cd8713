/** Parses Buildkite's JSON: https://buildkite.com/docs/apis/rest-api/builds. Pure. */
import { z } from 'zod';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { parseRuns, parseShape, type Source } from '../elements.ts';
import { commit, id, instant, MAX_ELEMENTS, padNumber, text, webUrl } from '../fields.ts';
import { parseRepositoryUrl } from '../repository-url.ts';

/** Empty or missing fields mean that there is no pull request: the documentation shows `{ }`. */
const pullRequestSchema = z
  .object({ id: z.union([id, text]).nullish(), repository: text.nullish() })
  .transform(({ id: number, repository }) => (number ? { number, repository: repository ?? '' } : null));

/** A contract test compares this with the documentation's examples. */
export const buildkiteBuildSchema = z.object({
  number: id,
  state: text,
  blocked: z.boolean().default(false),
  commit,
  branch: text,
  // Set for builds of a tag, whose `branch` is the tag's name as well.
  tag: text.nullish(),
  source: text,
  web_url: z.unknown().optional(),
  created_at: instant,
  started_at: instant.nullish(),
  finished_at: instant.nullish(),
  pull_request: pullRequestSchema.nullish(),
});

type RawBuild = z.output<typeof buildkiteBuildSchema>;

const listSchema = z.array(z.unknown()).max(MAX_ELEMENTS);

/** The parts of an element that does not match the schema. */
const remainsSchema = z
  .object({
    number: id.nullable().catch(null),
    branch: text.nullable().catch(null),
    created_at: instant.nullable().catch(null),
  })
  .catch({ number: null, branch: null, created_at: null });

/** A build whose commit no agent has resolved yet, or never will. */
const unresolvedSchema = z.object({ commit: z.literal('HEAD'), state: text });

const forkSchema = z.object({ pull_request: z.object({ repository: text.min(1) }) });

const pipelineSchema = z.object({ repository: text });

const STATES: ReadonlyMap<string, Run['state']> = new Map([
  ['creating', 'running'],
  ['scheduled', 'running'],
  ['running', 'running'],
  ['failing', 'running'],
  ['canceling', 'running'],
  ['waiting', 'running'],
  ['blocked', 'blocked'],
  ['passed', 'success'],
  ['failed', 'unsuccessful'],
  ['canceled', 'unsuccessful'],
  ['waiting_failed', 'unsuccessful'],
  // Superseded by a newer build, or excluded by a filter, before any job has run.
  ['skipped', 'skipped'],
  ['not_run', 'skipped'],
]);

/** What a build does not say about itself. */
export interface BuildContext {
  /** `acme/shop` */
  readonly pipeline: string;
  /** URL of the pipeline's repository; undefined if no build names a pull request's. */
  readonly repository: string | undefined;
  /** Buildkite's clock in the response, milliseconds since the epoch. */
  readonly clock: number | undefined;
  readonly source: Source;
}

/** @throws UpstreamError `malformed` */
export function parseElements(value: unknown, source: Source): readonly unknown[] {
  return parseShape(listSchema, value, source);
}

/** @returns whether a build names the repository of a pull request */
export function namesRepository(elements: readonly unknown[]): boolean {
  return elements.some((element) => forkSchema.safeParse(element).success);
}

/** @throws UpstreamError `malformed` */
export function parseBuild(value: unknown, context: BuildContext): Run {
  return toRun(parseShape(buildkiteBuildSchema, value, context.source), context);
}

/**
 * Leaves out builds that ended before an agent had resolved their commit: they can be neither green nor a
 * rival, and a pipeline may have many of them.
 * @param elements newest first
 * @returns also the creation time of the oldest element, milliseconds since the epoch
 * @throws UpstreamError `malformed`
 */
export function parseBuilds(elements: readonly unknown[], context: BuildContext) {
  const parsed = parseRuns(
    elements.filter((element) => !isNeverResolved(element)),
    {
      list: '',
      schema: buildkiteBuildSchema,
      toRun: (build) => toRun(build, context),
      salvage: (element) => salvage(element, context.pipeline),
    },
    context.source,
  );
  const times = elements.flatMap((element) => remainsSchema.parse(element).created_at ?? []);
  return { ...parsed, oldest: times.length === 0 ? undefined : Math.min(...times) };
}

/** @throws UpstreamError `malformed` */
export function parsePipeline(value: unknown, source: Source): string {
  return parseShape(pipelineSchema, value, source).repository;
}

/** `acme/shop#12`, since Buildkite finds a build by its number only. */
export function formatId(pipeline: string, number: string): string {
  return `${pipeline}#${number}`;
}

function isNeverResolved(element: unknown): boolean {
  const state = STATES.get(unresolvedSchema.safeParse(element).data?.state ?? '');
  return state === 'unsuccessful' || state === 'skipped';
}

function toRun(build: RawBuild, context: BuildContext): Run {
  const { pipeline } = context;
  const { number, branch, tag, created_at: createdAt } = build;
  const state = stateOf(build);
  const startedAt = build.started_at ?? createdAt;
  return {
    id: formatId(pipeline, number),
    number,
    // Buildkite counts the retries of jobs only.
    attempt: 1,
    workflow: pipeline,
    workflowId: pipeline,
    branch: branch === '' ? null : branch,
    ...whoseIs(build, context),
    refKind: tag ? 'tag' : 'unknown',
    commit: build.commit,
    builtCommit: build.commit,
    event: build.source,
    state,
    outcome: build.blocked ? 'blocked' : build.state,
    // Builds of forks run with the same agents and their credentials.
    mayPush: true,
    url: webUrl(build.web_url),
    position: createdAt,
    tie: tieOf(pipeline, number),
    createdAt,
    startedAt,
    // A blocked build may have pushed until now.
    updatedAt: build.finished_at ?? (state === 'blocked' ? (context.clock ?? startedAt) : startedAt),
    committedAt: null,
  };
}

/**
 * A blocked build keeps the state that it had before (https://buildkite.com/docs/apis/rest-api/builds#get-a-build).
 * While that is `running`, other jobs may not have ended.
 */
function stateOf({ state, blocked, finished_at: finishedAt }: RawBuild): Run['state'] {
  const known = STATES.get(state) ?? (finishedAt == null ? 'running' : 'unsuccessful');
  return blocked && known === 'success' ? 'blocked' : known;
}

/**
 * Unless the pipeline prefixes the branches of forks, a fork's `main` is listed as `main` (buildkite/feedback#203).
 * Only the pull request's repository tells them apart.
 */
function whoseIs(
  { pull_request: pullRequest }: RawBuild,
  { pipeline, repository }: BuildContext,
): Pick<Run, 'origin' | 'headRepositoryId' | 'pullRequest'> {
  if (pullRequest == null) return { origin: 'own', headRepositoryId: pipeline, pullRequest: null };
  const head = format(parseRepositoryUrl(pullRequest.repository));
  const own = format(repository === undefined ? undefined : parseRepositoryUrl(repository));
  if (head !== null && head === own) return { origin: 'own', headRepositoryId: pipeline, pullRequest: null };
  const origin = head === null || own === null ? 'unknown' : 'foreign';
  return { origin, headRepositoryId: head, pullRequest: pullRequest.number };
}

function format(url: ReturnType<typeof parseRepositoryUrl>): string | null {
  return url === undefined ? null : `${url.host}/${url.path}`;
}

function tieOf(pipeline: string, number: string): string {
  return `${pipeline} ${padNumber(number)}`;
}

function salvage(element: unknown, pipeline: string): Omit<UnreadRun, 'problem'> {
  const { number, branch, created_at: createdAt } = remainsSchema.parse(element);
  return {
    id: number === null ? null : formatId(pipeline, number),
    branch,
    commit: null,
    position: createdAt,
    tie: number === null ? null : tieOf(pipeline, number),
    createdAt,
  };
}
