/** Parses Conveyor's JSON. Pure. */
import { z } from 'zod';
import { parseRuns, parseShape, type Source } from '../../../src/ci/elements.ts';
import type { CommitStatus } from '../../../src/ci/commit-statuses.ts';
import type { UnreadRun } from '../../../src/resolve/ports.ts';
import type { Run } from '../../../src/resolve/types.ts';

const instant = z.iso.datetime({ offset: true }).transform((value) => Date.parse(value));
const commit = z.string().regex(/^[0-9a-f]{40}$/);

const buildSchema = z.object({
  id: z.uuid(),
  number: z.int().positive(),
  retries: z.int().nonnegative(),
  state: z.string(),
  // `HEAD` until an agent has checked out the commit; such a build cannot be judged yet.
  commit,
  branch: z.string().nullable(),
  // Null if the repository was deleted.
  pull_request: z.object({ number: z.int().positive(), repository: z.string().nullable() }).nullable(),
  trigger: z.string(),
  created_at: instant,
  finished_at: instant.nullable(),
  url: z.url(),
});

/** The readable parts of a build that does not match the schema. */
const partsSchema = z.object({
  id: z.uuid().nullable().catch(null),
  number: z.int().positive().nullable().catch(null),
  branch: z.string().nullable().catch(null),
  created_at: instant.nullable().catch(null),
});

const listSchema = z.array(z.unknown()).max(100);

const checksSchema = z.array(z.object({ name: z.string(), result: z.string() })).max(1000);

const STATES: Readonly<Record<string, Run['state']>> = {
  scheduled: 'running',
  running: 'running',
  // A manual step comes before the rest of the build.
  blocked: 'running',
  passed: 'success',
};

/** @throws UpstreamError `malformed` */
export function parseBuild(value: unknown, gitRepository: string, source: Source): Run {
  return toRun(parseShape(buildSchema, value, source), gitRepository);
}

/** @throws UpstreamError `malformed` if the answer is not a list of builds */
export function parseBuilds(value: unknown, gitRepository: string, source: Source) {
  const elements = parseShape(listSchema, value, source);
  const toOwnRun = (build: z.output<typeof buildSchema>) => toRun(build, gitRepository);
  const parsed = parseRuns(elements, { list: '', schema: buildSchema, toRun: toOwnRun, salvage }, source);
  return { ...parsed, count: elements.length };
}

function toRun(build: z.output<typeof buildSchema>, gitRepository: string): Run {
  const headRepositoryId = build.pull_request === null ? gitRepository : build.pull_request.repository;
  const isOwn = headRepositoryId === gitRepository;
  return {
    id: build.id,
    number: String(build.number),
    attempt: build.retries + 1,
    workflow: null,
    workflowId: null,
    // A fork's branch may have the name of one of ours, so a pull request's builds count by its number only.
    branch: build.pull_request === null ? build.branch : null,
    pullRequest: build.pull_request === null ? null : String(build.pull_request.number),
    refKind: build.pull_request === null ? 'branch' : 'pull_request',
    commit: build.commit,
    builtCommit: build.commit,
    event: build.trigger,
    state: STATES[build.state] ?? 'unsuccessful',
    outcome: build.state,
    headRepositoryId,
    origin: isOwn ? 'own' : 'foreign',
    mayPush: isOwn,
    url: build.url,
    position: build.number,
    tie: '',
    createdAt: build.created_at,
    startedAt: build.created_at,
    updatedAt: build.finished_at ?? build.created_at,
    committedAt: null,
  };
}

function salvage(element: unknown): Omit<UnreadRun, 'problem'> {
  const parts = partsSchema.safeParse(element).data;
  const { id = null, branch = null, number: position = null, created_at: createdAt = null } = parts ?? {};
  return { id, branch, commit: null, position, tie: null, createdAt };
}

/** Checks are listed oldest first, and only the latest of each name counts. */
export function parseChecks(value: unknown, source: Source): CommitStatus[] {
  const latest = new Map(parseShape(checksSchema, value, source).map((check) => [check.name, check]));
  return [...latest.values()].map(({ name, result }) => ({
    context: name,
    state: result === 'ok' ? 'success' : result === 'waiting' ? 'pending' : 'unsuccessful',
    outcome: result,
  }));
}
