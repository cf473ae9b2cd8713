/** Parses Jenkins' builds. Pure. */
import { z } from 'zod';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { malformed } from '../../upstream/failures.ts';
import { parseRuns, parseShape, type Source } from '../elements.ts';
import { commit, MAX_ELEMENTS, padNumber, text, webUrl } from '../fields.ts';
import { decodeBranch, parsePullRequestJob, type PullRequestJob } from './job-names.ts';
import { builtBy, hasCheckedOut, headOf, revisionOf } from './revision.ts';

const number = z.int().positive();
/** Milliseconds since the epoch. */
const timestamp = z.int().min(0).max(8.64e15);
const result = text.nullable();

const lastBuildSchema = z.object({ number, timestamp, building: z.boolean(), result: result.default(null) });

const MAX_JOBS = 50_000;

const snapshotSchema = z.object({
  jobs: z
    .array(z.object({ _class: text.optional(), name: text.min(1), lastBuild: lastBuildSchema.nullish() }))
    .max(MAX_JOBS),
});

/** The number alone is required of every build, since builds are read by it. */
const buildsSchema = z.array(z.looseObject({ number })).max(MAX_ELEMENTS);

const jobsSchema = z.object({
  jobs: z.array(z.object({ name: text.min(1), builds: buildsSchema })).max(MAX_ELEMENTS),
});

export const buildSchema = z.object({
  number,
  timestamp,
  building: z.boolean(),
  // Set while the build is still going, if it will fail.
  result: result.default(null),
  // 0 while it is going.
  duration: z.number().min(0).max(8.64e15).default(0),
  url: z.unknown().optional(),
  actions: z.array(z.unknown()).max(MAX_ELEMENTS).default([]),
});

/** What Greenpin requests of each build, as `tree` describes it. */
export const BUILD_TREE =
  'number,url,result,building,timestamp,duration,actions[' +
  'revision[hash,pullHash,merge,origin[hash],head[name]],lastBuiltRevision[SHA1,branch[name]]]';

/** A job of the snapshot, with its last build. */
export interface ListedJob {
  readonly name: string;
  readonly lastBuild: z.output<typeof lastBuildSchema>;
}

/** A build of a job's list. */
export interface ReadBuild {
  readonly number: number;
  readonly position: number;
  readonly tie: string;
  readonly isGoing: boolean;
  /** Undefined if it cannot be parsed, or cannot have made anything that counts. */
  readonly run?: Run | undefined;
  readonly unread?: UnreadRun | undefined;
}

/** A job below a multibranch pipeline. */
export interface JobContext {
  /** Full name of the multibranch pipeline, as the project names it. */
  readonly pipeline: string;
  readonly job: string;
}

/** @returns jobs that have builds @throws UpstreamError `malformed` */
export function parseSnapshot(value: unknown, pipeline: string, source: Source): readonly ListedJob[] {
  return parseJobs(value, pipeline, source).flatMap(({ name, lastBuild }) =>
    lastBuild == null ? [] : [{ name, lastBuild }],
  );
}

/** @returns number of jobs @throws UpstreamError `malformed` if it is not a multibranch pipeline */
export function parseJobs(value: unknown, pipeline: string, source: Source) {
  if (typeof value === 'object' && value !== null && '_class' in value && !('jobs' in value)) {
    throw malformed(
      source.host,
      `${pipeline} on ${source.host} is not a multibranch pipeline: it has no jobs`,
    );
  }
  const { jobs } = parseShape(snapshotSchema, value, source);
  const inner = jobs.find(({ _class = '' }) => /Folder|MultiBranchProject/.test(_class));
  if (inner !== undefined) {
    const meant = `${pipeline}/${inner.name}`;
    const message = `${pipeline} on ${source.host} is a folder; name a multibranch pipeline in it, for example ${meant}`;
    throw malformed(source.host, message);
  }
  return jobs;
}

/** @returns each job's builds, newest first @throws UpstreamError `malformed` */
export function parseJobBuilds(
  value: unknown,
  source: Source,
): readonly { name: string; builds: readonly unknown[] }[] {
  return parseShape(jobsSchema, value, source).jobs;
}

/** @returns the builds in the property `list` of one job @throws UpstreamError `malformed` */
export function parseBuildList(value: unknown, list: string, source: Source): readonly unknown[] {
  return parseShape(z.object({ [list]: buildsSchema }), value, source)[list] ?? [];
}

/** @throws UpstreamError `malformed` */
export function parseBuild(value: unknown, context: JobContext, source: Source): Run {
  return toRun(parseShape(runSchema(context), value, source));
}

/**
 * A build that has checked nothing out cannot be green or push an image of any commit. It is left out rather
 * than reported as unreadable, since otherwise one failed checkout would put the whole branch in doubt.
 * @param elements newest first
 * @throws UpstreamError `malformed` if most of them cannot be read
 */
export function parseBuilds(elements: readonly unknown[], context: JobContext, source: Source): ReadBuild[] {
  const salvage = (element: unknown) => salvageBuild(element, context.job);
  const relevant = elements.filter((element) => !isWithoutCheckout(element));
  const { runs, unread } = parseRuns(
    relevant,
    { list: 'builds', schema: runSchema(context), toRun, salvage },
    source,
  );
  const runById = new Map(runs.map((run) => [run.id, run]));
  const unreadById = new Map(unread.map((one) => [one.id, one]));
  let position = Number.MAX_SAFE_INTEGER;
  return elements.map((element) => {
    const parts = partsSchema.parse(element);
    position = Math.min(position, parts.timestamp ?? position);
    const id = idOf(context.job, parts.number);
    const [run, odd] = [runById.get(id), unreadById.get(id)];
    const isGoing = run === undefined ? parts.building : run.state === 'running';
    return {
      number: parts.number,
      position: run?.position ?? position,
      tie: tieOf(context.job, parts.number),
      isGoing,
      run,
      unread: odd,
    };
  });
}

const partsSchema = z.object({
  number,
  timestamp: timestamp.nullable().catch(null),
  building: z.boolean().catch(true),
  result: result.catch(null),
  actions: buildSchema.shape.actions.catch([]),
});

function isWithoutCheckout(element: unknown): boolean {
  const { success, data } = buildSchema.safeParse(element);
  if (!success || (data.result === 'SUCCESS' && !data.building)) return false;
  return !hasCheckedOut(data.actions);
}

function salvageBuild(element: unknown, job: string): Omit<UnreadRun, 'problem'> {
  const parts = partsSchema.parse(element);
  const { branch } = describeRef(job, false);
  return {
    id: idOf(job, parts.number),
    // A pull request's run may be of any branch.
    branch,
    commit: headOf(parts.actions, job) ?? null,
    position: parts.timestamp,
    tie: tieOf(job, parts.number),
    createdAt: parts.timestamp,
  };
}

/** @returns the last build of a job whose list of builds cannot be read */
export function createUnreadBuild(job: string, lastBuild: ListedJob['lastBuild']): ReadBuild {
  const { number: last, timestamp: position, building } = lastBuild;
  const { branch } = describeRef(job, false);
  const place = { position, tie: tieOf(job, last) };
  const unread = {
    ...place,
    id: idOf(job, last),
    branch,
    commit: null,
    createdAt: position,
    problem: 'a field builds',
  };
  return { ...place, number: last, isGoing: building, unread };
}

interface CheckedOut extends z.output<typeof buildSchema> {
  readonly context: JobContext;
  readonly commit: string;
}

/** A build whose commit is known. */
function runSchema(context: JobContext): z.ZodType<CheckedOut> {
  return buildSchema.transform((build, issues) => {
    const found = commit.safeParse(headOf(build.actions, context.job));
    if (found.success) return { ...build, context, commit: found.data };
    issues.addIssue({ code: 'custom', path: ['actions', 'revision'], message: 'no commit' });
    return z.NEVER;
  });
}

function toRun({ context, ...build }: CheckedOut): Run {
  const { pipeline, job } = context;
  const revision = revisionOf(build.actions);
  const { isTag } = revision;
  const named = describeRef(job, isTag);
  const isPullRequest = named.refKind === 'pull_request' || revision.isPullRequest;
  // A trait of the branch source may name the job otherwise, and the pull request may be a fork's.
  const ref = isPullRequest ? { ...named, branch: null, refKind: 'pull_request' as const } : named;
  return {
    id: idOf(job, build.number),
    number: String(build.number),
    attempt: 1,
    workflow: pipeline,
    workflowId: pipeline,
    ...ref,
    commit: build.commit,
    builtCommit: isPullRequest ? builtBy(build.actions, job, build.commit) : build.commit,
    event: isPullRequest ? 'pull_request' : isTag ? 'tag' : 'branch',
    state: build.building ? 'running' : build.result === 'SUCCESS' ? 'success' : 'unsuccessful',
    outcome: build.building ? 'building' : (build.result ?? 'unknown'),
    headRepositoryId: isPullRequest ? null : pipeline,
    // The branch source knows the fork, but its records name it neither always nor for every Git host.
    origin: isPullRequest ? 'unknown' : 'own',
    mayPush: true,
    url: webUrl(build.url),
    position: build.timestamp,
    tie: tieOf(job, build.number),
    createdAt: build.timestamp,
    startedAt: build.timestamp,
    updatedAt: build.timestamp + (build.building ? 0 : Math.round(build.duration)),
    committedAt: null,
  };
}

function describeRef(job: string, isTag: boolean): Pick<Run, 'branch' | 'pullRequest' | 'refKind'> {
  const pullRequest: PullRequestJob | undefined = parsePullRequestJob(job);
  if (pullRequest !== undefined && !isTag) {
    return { branch: null, pullRequest: pullRequest.number, refKind: 'pull_request' };
  }
  const branch = decodeBranch(job);
  return { branch: branch === '' ? null : branch, pullRequest: null, refKind: isTag ? 'tag' : 'branch' };
}

/** Numbers count per job. */
export function idOf(job: string, build: number): string {
  return `${job}#${build}`;
}

/** @returns undefined if it is not a build's id */
export function parseId(id: string): { readonly job: string; readonly number: string } | undefined {
  const [, job, digits] = /^([^#]+)#([1-9]\d*)$/.exec(id) ?? [];
  return job === undefined || digits === undefined ? undefined : { job, number: digits };
}

function tieOf(job: string, build: number): string {
  return `${job}#${padNumber(String(build))}`;
}
