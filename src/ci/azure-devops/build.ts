/** Parses builds of Azure Pipelines: https://learn.microsoft.com/rest/api/azure/devops/build/builds. Pure. */
import { z } from 'zod';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { malformed } from '../../upstream/failures.ts';
import { parseRuns, parseShape, type Source } from '../elements.ts';
import { commit, instant, text, webUrl } from '../fields.ts';
import { numberAttempt } from '../number-attempt.ts';
import { branchOf } from './names.ts';
import { pageOf } from './page.ts';
import { isPullRequestBuild, readTrigger, type Trigger } from './trigger.ts';

const number = z.int().positive();

/** Absent while there is none; .NET's earliest date, without a zone, in some answers. */
const moment = instant.nullish().catch(null);

const repositorySchema = z.object({ id: text.toLowerCase(), type: text });

/** A contract test compares this with the API's description. */
export const azureBuildSchema = z.object({
  id: number,
  // The pipeline's own format, usually `20261007.96`.
  buildNumber: text.nullish(),
  status: text.nullish(),
  // Absent while the build runs.
  result: text.nullish(),
  queueTime: instant,
  startTime: moment,
  finishTime: moment,
  definition: z.object({ id: number, name: text }),
  sourceBranch: text.nullish(),
  // Absent or null while a build waits, or if it could not start.
  sourceVersion: commit,
  reason: text,
  repository: repositorySchema,
  triggerInfo: z.unknown().optional(),
  parameters: z.unknown().optional(),
  _links: z
    .object({ web: z.object({ href: z.unknown() }) })
    .nullish()
    .catch(null),
});

type AzureBuild = z.output<typeof azureBuildSchema>;

const pageSchema = pageOf(z.unknown());

/** Of an element, whatever its shape: whose build it is, and whether it was deleted or could not start. */
const belongingSchema = z.object({
  repository: repositorySchema.nullish().catch(null),
  deleted: z.unknown().optional(),
  sourceVersion: z.unknown().optional(),
  result: z.unknown().optional(),
});

/** A build that ends like this without a commit was cancelled while it waited, or could not start. */
const NOT_STARTED: ReadonlySet<unknown> = new Set(['canceled', 'failed']);

/** The parts of an element that does not match the schema. */
const remainsSchema = z
  .object({
    id: number.nullable().catch(null),
    sourceBranch: text.nullable().catch(null),
    sourceVersion: commit.nullable().catch(null),
    queueTime: instant.nullable().catch(null),
  })
  .catch({ id: null, sourceBranch: null, sourceVersion: null, queueTime: null });

/**
 * @param repositoryId lower case
 * @returns `gone` for a build of another repository, one in the recycle bin, which the API still returns, or
 *   one that has built nothing
 * @throws UpstreamError `malformed`
 */
export function parseBuild(value: unknown, repositoryId: string, source: Source): Run | 'gone' {
  if (!belongs(value, repositoryId)) return 'gone';
  const build = parseShape(azureBuildSchema, value, source);
  if (!isComplete(build)) throw malformed(source.host, `${source.host} lists ${NO_HEAD}`);
  return toRun(build);
}

const NO_HEAD = "a pull request's build without its head commit";

/**
 * Skips builds of other repositories: a server that ignores the filter must not mix them in.
 * @param repositoryId lower case
 * @throws UpstreamError `malformed` if the response is not a list of builds
 */
export function parseBuildPage(
  value: unknown,
  repositoryId: string,
  source: Source,
): { readonly runs: readonly Run[]; readonly unread: readonly UnreadRun[] } {
  const elements = parseShape(pageSchema, value, source).value.filter((each) => belongs(each, repositoryId));
  // Some servers tell no pull request's head, so these builds say nothing about the shape of the page.
  const headless = new Set(elements.filter(isHeadless));
  const { runs, unread } = parseRuns(
    elements.filter((each) => !headless.has(each)),
    { list: 'value', schema: azureBuildSchema, toRun, salvage },
    source,
  );
  const unknown = [...headless].map((each) => Object.assign(salvage(each), { problem: 'no head commit' }));
  return { runs, unread: [...unread, ...unknown] };
}

/** An element that does not say whose it is counts as ours, and cannot be read. */
function belongs(element: unknown, repositoryId: string): boolean {
  const { repository, deleted, sourceVersion, result } = belongingSchema.safeParse(element).data ?? {};
  if (deleted === true || (sourceVersion == null && NOT_STARTED.has(result))) return false;
  return repository == null || (repository.id === repositoryId && /^TfsGit$/i.test(repository.type));
}

function isHeadless(element: unknown): boolean {
  const { data } = azureBuildSchema.safeParse(element);
  return data !== undefined && !isComplete(data);
}

function isComplete(build: AzureBuild): boolean {
  return !isPullRequestBuild(build) || readTrigger(build).headCommit !== undefined;
}

function salvage(element: unknown): Omit<UnreadRun, 'problem'> {
  const { id, sourceBranch, sourceVersion, queueTime } = remainsSchema.parse(element);
  const branch = sourceBranch === null ? null : (branchOf(sourceBranch) ?? '');
  return {
    id: id === null ? null : String(id),
    branch,
    commit: sourceVersion,
    position: id,
    tie: id === null ? null : '',
    createdAt: queueTime,
  };
}

function toRun(build: AzureBuild): Run {
  const trigger = readTrigger(build);
  const { repository, queueTime, startTime, finishTime, _links: links } = build;
  const changedAt = finishTime ?? startTime ?? queueTime;
  return {
    id: String(build.id),
    number: build.buildNumber ?? String(build.id),
    // Stages that run again move the end of the build, which keeps its id.
    attempt: numberAttempt(changedAt),
    workflow: nameWorkflow(build.definition.name),
    workflowId: String(build.definition.id),
    ...refOf(build, trigger),
    commit: trigger.headCommit ?? build.sourceVersion,
    // A pull request's merge commit.
    builtCommit: build.sourceVersion,
    event: build.reason,
    ...stateOf(build),
    headRepositoryId: trigger.origin === 'own' ? repository.id : null,
    origin: trigger.origin,
    // Whether a fork's builds get secrets is a setting that the API does not show.
    mayPush: true,
    url: webUrl(links?.web.href),
    // Ids grow in the order of queueing.
    position: build.id,
    tie: '',
    createdAt: queueTime,
    startedAt: startTime ?? queueTime,
    updatedAt: changedAt,
    committedAt: null,
  };
}

/** A pipeline may have any name, but digits alone mean an id in the configuration. */
export function nameWorkflow(name: string): string {
  return /^\d+$/.test(name) ? `\\${name}` : name;
}

function refOf(
  { sourceBranch }: AzureBuild,
  { pullRequest, isElsewhere }: Trigger,
): Pick<Run, 'branch' | 'pullRequest' | 'refKind'> {
  if (isElsewhere) return { branch: null, pullRequest: null, refKind: 'unknown' };
  if (pullRequest !== undefined) return { branch: null, pullRequest, refKind: 'pull_request' };
  const ref = sourceBranch ?? '';
  const tag = /^refs\/tags\/(.+)$/s.exec(ref)?.[1];
  if (tag !== undefined) return { branch: tag, pullRequest: null, refKind: 'tag' };
  const branch = branchOf(ref) ?? null;
  return { branch, pullRequest: null, refKind: branch === null ? 'unknown' : 'branch' };
}

/** Partial success means that a step failed whose failure the pipeline tolerates. */
function stateOf({ status, result }: AzureBuild): Pick<Run, 'state' | 'outcome'> {
  if (status !== 'completed') return { state: 'running', outcome: status ?? 'none' };
  return { state: result === 'succeeded' ? 'success' : 'unsuccessful', outcome: result ?? 'none' };
}
