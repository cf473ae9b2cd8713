/** Which of a branch's commits are green builds (design §2). Pure: the provider fetched, nothing here asks anybody. */
import { compareRuns, compareText } from './run-order.ts';
import type { BranchRequest, Build, Project, Run } from './types.ts';

/**
 * - `green`: every workflow that must be green is
 * - `running`: nothing failed, something has not finished
 * - `unsuccessful`: a workflow's newest run failed, was cancelled, was skipped, ...
 * - `incomplete`: a workflow that must be green has no run for this commit
 */
export type Verdict = 'green' | 'running' | 'unsuccessful' | 'incomplete';

/** A commit with the runs that count for it, and what they amount to. */
export interface JudgedBuild {
  readonly build: Build;
  readonly verdict: Verdict;
  /** Why, for a person: `build.yml failure`. */
  readonly reason: string;
  /** The newest run of each workflow and event. */
  readonly runs: readonly Run[];
  /** When the first attempt of the first of them began, milliseconds since the epoch: whatever the build pushed, it pushed after that. */
  readonly startedAt: number;
  /** CI checked out the very commit, so that a revision label of another one speaks against the image. */
  readonly checkedOut: boolean;
  /** The commit has been built before, by another attempt or run: the same tag was pushed before. */
  readonly repeated: boolean;
  /** When the commit was made, milliseconds since the epoch; null: not known. */
  readonly committedAt: number | null;
}

/** Whose runs count: those of the repository itself, or of one fork (only with `forks: true`). */
export type Origin = { readonly kind: 'own' } | { readonly kind: 'fork'; readonly headRepositoryId: string };

/**
 * Groups a branch's runs by commit and judges each commit.
 *
 * A workflow counts by its newest run for each event: a commit that was built on push and on pull_request must be green in
 * both, as GitHub's own commit status wants it. A re-run replaces its earlier attempt (same id).
 * @param runs of one branch, in any order
 * @returns newest first, by the position of each commit's newest run
 */
export function selectBuilds(runs: readonly Run[], request: BranchRequest, origin: Origin): JudgedBuild[] {
  const { project } = request;
  const counted = runs.filter((run) => counts(run, project, origin));
  const identities = workflowsByPathAndEvent(counted);
  return [...Map.groupBy(counted, (run) => run.commit).values()]
    .map((group) => judge(group, identities, request))
    .toSorted((a, b) => compareBuilds(b.build, a.build));
}

/**
 * Orders builds of one branch in time.
 * @returns negative when `a` is older than `b`, 0 for the same commit
 */
export function compareBuilds(a: Build, b: Build): number {
  if (a.commit === b.commit) return 0;
  return compareRuns(a, b) || compareText(a.commit, b.commit);
}

function counts(run: Run, project: Project, origin: Origin): boolean {
  return whyIgnored(run, project, origin) === undefined;
}

/** @returns why a run does not count for the project, for a person; undefined: it counts */
function whyIgnored(run: Run, project: Project, origin: Origin): string | undefined {
  if (origin.kind === 'own' && run.foreign) return "a fork's";
  if (origin.kind === 'fork' && !(run.foreign && run.headRepositoryId === origin.headRepositoryId)) {
    return "not the pull request's fork's";
  }
  if (run.refKind === 'tag') return "a tag's";
  if (!project.events.includes(run.event)) return `event ${run.event} is not in events`;
  if (project.workflows.length > 0 && !project.workflows.includes(run.workflow)) {
    return `workflow ${run.workflow} is not in workflows`;
  }
  return undefined;
}

/** @returns how many runs don't count, by reason */
export function countIgnored(runs: readonly Run[], project: Project, origin: Origin): Map<string, number> {
  const reasons = new Map<string, number>();
  for (const run of runs) {
    const reason = whyIgnored(run, project, origin);
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return reasons;
}

/** @returns the runs and attempts of a build, as a pinned image names them */
export function attemptsOf({ runs }: JudgedBuild): string {
  return runs.map(attemptOf).toSorted().join(' ');
}

export function attemptOf({ id, attempt }: Run): string {
  return `${id}:${attempt}`;
}

/** A build that was green, of which CI may have forgotten the runs: nothing is known of it but what was written down. */
export function rebuild(build: Build): JudgedBuild {
  const forgotten = { runs: [], startedAt: 0, checkedOut: false, repeated: true, committedAt: null };
  return { build, verdict: 'green', reason: 'handed out before', ...forgotten };
}

function judge(group: readonly Run[], identities: Identities, request: BranchRequest): JudgedBuild {
  const newestFirst = group.toSorted((a, b) => compareRuns(b, a));
  const runs = newestOfEachWorkflowAndEvent(newestFirst);
  const [verdict, reason] = verdictOf(runs, identities, request.project);
  return {
    build: createBuild(newestFirst, runs, request),
    verdict,
    reason,
    runs,
    startedAt: Math.min(...runs.map(firstStart)),
    checkedOut: runs.every((run) => run.builtCommit === run.commit),
    repeated: group.length > runs.length || runs.some((run) => run.attempt > 1),
    committedAt: commitTime(group),
  };
}

/** Often only the failed jobs run again: the image may be an earlier attempt's. Unless CI says when that began, it may be any time. */
function firstStart({ attempt, createdAt, startedAt }: Run): number {
  return attempt > 1 ? Math.min(createdAt ?? 0, startedAt) : startedAt;
}

/** Commit times come from the committer's clock, so one that is later than the commit's first run is ignored. */
function commitTime(group: readonly Run[]): number | null {
  const firstRun = Math.min(...group.map(latestCreation));
  const times = group.flatMap((run) => (run.committedAt === null ? [] : [run.committedAt]));
  const committedAt = times.length === 0 ? null : Math.min(...times);
  return committedAt !== null && committedAt <= firstRun ? committedAt : null;
}

/** @returns a moment by which the run was created, milliseconds since the epoch; 0: unknown, since it has been run again */
function latestCreation({ attempt, createdAt, startedAt }: Run): number {
  return createdAt ?? (attempt === 1 ? startedAt : 0);
}

/**
 * A run that was skipped (a label that is not there, a condition) says nothing of a commit that the same workflow has run for, on
 * whatever event.
 */
function newestOfEachWorkflowAndEvent(newestFirst: readonly Run[]): Run[] {
  const ran = new Set(newestFirst.filter((run) => run.state !== 'skipped').map(workflowKey));
  const newest = new Map<string, Run>();
  for (const run of newestFirst) {
    if (run.state === 'skipped' && ran.has(workflowKey(run))) continue;
    const key = `${run.event} ${workflowKey(run)}`;
    if (!newest.has(key)) newest.set(key, run);
  }
  return [...newest.values()];
}

function workflowKey({ workflow, workflowId }: Run): string {
  return JSON.stringify([workflow, workflowId]);
}

/** The identities of the workflows that have run under a path on an event, by `pathAndEvent`. */
type Identities = ReadonlyMap<string, ReadonlySet<string>>;

function workflowsByPathAndEvent(runs: readonly Run[]): Identities {
  const groups = Map.groupBy(runs, pathAndEvent);
  return new Map([...groups].map(([key, group]) => [key, new Set(group.map((run) => run.workflowId))]));
}

function pathAndEvent({ workflow, event }: Run): string {
  return `${event} ${workflow}`;
}

function verdictOf(runs: readonly Run[], identities: Identities, project: Project): [Verdict, string] {
  const unsuccessful = runs.filter((run) => run.state === 'unsuccessful' || run.state === 'skipped');
  if (unsuccessful.length > 0) return ['unsuccessful', describe(unsuccessful)];
  const running = runs.filter((run) => run.state === 'running');
  if (running.length > 0) return ['running', describe(running)];
  const missing = project.workflows.filter((path) => !isWhole(path, runs, identities));
  if (missing.length > 0) return ['incomplete', `no run of ${missing.map(fileName).join(', ')}`];
  return ['green', describe(runs)];
}

/**
 * A path that several workflows bear (the repository's own, and one that an organization's ruleset adds) wants each of those that the
 * branch is built by on the event: one of them alone, green, may be the one that builds nothing.
 */
function isWhole(path: string, runs: readonly Run[], identities: Identities): boolean {
  const ofPath = runs.filter((run) => run.workflow === path);
  return (
    ofPath.length > 0 &&
    ofPath.every((run) =>
      [...(identities.get(pathAndEvent(run)) ?? [])].every((id) =>
        ofPath.some((other) => other.event === run.event && other.workflowId === id),
      ),
    )
  );
}

function describe(runs: readonly Run[]): string {
  return runs.map((run) => `${fileName(run.workflow)} ${run.outcome} (${run.event})`).join(', ');
}

function fileName(workflow: string): string {
  return workflow.slice(workflow.lastIndexOf('/') + 1);
}

/**
 * The run that stands for the build is that of the workflow named first in the configuration, on the event named first there:
 * of several workflows somebody must say which one pushes the images.
 */
function createBuild(newestFirst: readonly Run[], runs: readonly Run[], request: BranchRequest): Build {
  const { project } = request;
  const rank = (run: Run): number =>
    (project.workflows.indexOf(run.workflow) + 1) * project.events.length + project.events.indexOf(run.event);
  const [first, ...rest] = runs;
  if (first === undefined) throw new RangeError('a build has at least one run');
  const standsFor = rest.reduce((best, run) => (rank(run) < rank(best) ? run : best), first);
  const [newest = standsFor] = newestFirst;
  return {
    ci: project.ci,
    gitRepository: project.gitRepository,
    commit: standsFor.commit,
    branch: standsFor.branch ?? request.branch,
    id: standsFor.id,
    number: standsFor.number,
    attempt: String(standsFor.attempt),
    url: standsFor.url,
    event: standsFor.event,
    finishedAt: Math.max(...runs.map((run) => run.updatedAt)),
    position: newest.position,
    tie: newest.tie,
  };
}
