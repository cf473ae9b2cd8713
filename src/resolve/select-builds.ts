/** Selects the builds of a branch: groups its runs by commit and evaluates each commit. Pure. */
import { compareRuns, compareText } from './run-order.ts';
import type { Origin } from './select-origin.ts';
import type { BranchRequest, Build, GateStatus, Project, Run } from './types.ts';

/**
 * - `green`: every required workflow succeeded
 * - `running`: nothing failed, something has not finished
 * - `unsuccessful`: a workflow's newest run failed, was cancelled, was skipped, ...
 * - `incomplete`: a required workflow has no run for this commit
 */
export type BuildStatus = 'green' | 'running' | 'unsuccessful' | 'incomplete';

/** A commit with the runs that count for it, and what they add up to. */
export interface EvaluatedBuild {
  readonly build: Build;
  readonly status: BuildStatus;
  /** The reason for the status, for people: `build.yml failure (push)`. */
  readonly reason: string;
  /** The statuses that let the build pass the project's gate, or not; undefined if it was not read. */
  readonly statuses?: readonly GateStatus[] | undefined;
  /** The newest run of each workflow and event. */
  readonly runs: readonly Run[];
  /**
   * Start of the first attempt of its first run, milliseconds since the epoch: all pushes of the build are
   * later.
   */
  readonly startedAt: number;
  /** True if every run checked out `build.builtCommit`: another commit's label disproves the image. */
  readonly checkedOut: boolean;
  /** True if an earlier attempt or run has built the commit and may have pushed the same tag. */
  readonly repeated: boolean;
  /** Milliseconds since the epoch; null if unknown. */
  readonly committedAt: number | null;
}

export interface SelectedBuilds {
  /** Newest first. */
  readonly builds: readonly EvaluatedBuild[];
  /** Number of runs that don't count, by reason. */
  readonly ignored: ReadonlyMap<string, number>;
  /** Workflows of all runs, including those that don't count. */
  readonly workflows: ReadonlySet<string>;
}

/**
 * A workflow counts by its newest run for each event: a commit built on push and on pull_request must be
 * green in both, as in GitHub's own commit status. A re-run replaces its earlier attempt (same id).
 * @param runs of one branch, in any order
 */
export function selectBuilds(runs: readonly Run[], request: BranchRequest, origin: Origin): SelectedBuilds {
  const { project } = request;
  const counted: Run[] = [];
  const ignored = new Map<string, number>();
  for (const run of runs) {
    const reason = whyIgnored(run, project, origin);
    if (reason === undefined) counted.push(run);
    else ignored.set(reason, (ignored.get(reason) ?? 0) + 1);
  }
  const identities = groupWorkflowIds(counted);
  const builds = [...Map.groupBy(counted, (run) => run.commit).values()]
    .map((group) => evaluate(group, identities, request))
    .toSorted((a, b) => compareBuilds(b.build, a.build));
  return { builds, ignored, workflows: new Set(runs.flatMap((run) => workflowNames(run, project))) };
}

function workflowNames({ workflow, workflowId }: Run, { workflows }: Project): string[] {
  const byId = workflows.filter((name) => name === workflowId);
  return workflow === null ? byId : [workflow, ...byId];
}

type Source = Pick<Build, 'ci' | 'gitRepository'>;

/** @returns whether positions of the two sources can be compared */
export function isSameListing(a: Source, b: Source): boolean {
  return a.ci === b.ci && a.gitRepository.toLowerCase() === b.gitRepository.toLowerCase();
}

/** @returns `Build.ci`: pushes are listed apart from runs */
export function listingOf({ ci, builds }: Project): string {
  return builds === 'statuses' ? `${ci} (pushes)` : ci;
}

/**
 * Orders builds of one branch in time.
 * @returns negative when `a` is older than `b`, 0 for the same commit
 */
export function compareBuilds(a: Build, b: Build): number {
  if (a.commit === b.commit) return 0;
  return compareRuns(a, b) || compareText(a.commit, b.commit);
}

/** @returns the reason why the run does not count, for people; undefined if it counts */
function whyIgnored(run: Run, project: Project, origin: Origin): string | undefined {
  const isOfPullRequest = run.pullRequest !== null && run.pullRequest === origin.pullRequest;
  if (run.origin === 'unknown') {
    if (!isOfPullRequest) return 'of unknown origin';
  } else if (origin.kind === 'own') {
    if (run.origin === 'foreign') return "a fork's";
  } else if (run.origin === 'own' || !isOfFork(run, origin.headRepositoryId, isOfPullRequest)) {
    return "not the pull request's fork's";
  }
  if (run.refKind === 'tag') return "a tag's";
  if (!project.events.includes(run.event)) return `event ${run.event} is not in events`;
  if (project.workflows.length > 0 && !isNamed(run, project)) {
    return `workflow ${run.workflow} is not in workflows`;
  }
  return undefined;
}

/** A run that names the pull request comes from its fork, even if CI does not name the fork. */
function isOfFork(run: Run, headRepositoryId: string | null, isOfPullRequest: boolean): boolean {
  return isOfPullRequest || (headRepositoryId !== null && run.headRepositoryId === headRepositoryId);
}

function isNamed(run: Run, { workflows }: Project): boolean {
  return workflows.some((name) => isRunOf(run, name));
}

/** @param name of a workflow, or its id, which some kinds accept as well */
function isRunOf({ workflow, workflowId }: Run, name: string): boolean {
  return workflow === name || workflowId === name;
}

/** @returns whether the run's workflow may push the project's images; any may if none is configured */
export function mayBuildProject(run: Run, project: Project): boolean {
  return project.workflows.length === 0 || isNamed(run, project);
}

/** @returns the commit that tags and revisions of the run's images name */
export function imageCommit({ commit, builtCommit }: Run): string {
  return builtCommit ?? commit;
}

/** @returns the build's runs and attempts, as a pinned image stores them */
export function formatAttempts({ runs }: EvaluatedBuild): string {
  return runs.map(formatAttempt).toSorted().join(' ');
}

export function formatAttempt({ id, attempt }: Run): string {
  return `${id}:${attempt}`;
}

/** Recreates a build that was handed out, since CI may have forgotten its runs. */
export function recreateGreenBuild(build: Build): EvaluatedBuild {
  const forgotten = { runs: [], startedAt: 0, checkedOut: false, repeated: true, committedAt: null };
  return { build, status: 'green', reason: 'handed out before', ...forgotten };
}

function evaluate(group: readonly Run[], identities: WorkflowIds, request: BranchRequest): EvaluatedBuild {
  const newestFirst = group.toSorted(compareNewestFirst);
  const runs = newestOfEachWorkflowAndEvent(newestFirst);
  const [status, reason] = evaluateStatus(runs, identities, request.project);
  const build = createBuild(newestFirst, runs, request);
  // Another merge of the same head has an image of its own.
  const ofImage = group.filter((run) => runs.includes(run) || imageCommit(run) === build.builtCommit);
  return {
    build,
    status,
    reason,
    runs,
    startedAt: Math.min(...ofImage.map(firstStart)),
    checkedOut: runs.every((run) => run.builtCommit === build.builtCommit),
    repeated: group.length > runs.length || runs.some((run) => run.attempt > 1),
    committedAt: commitTime(group),
  };
}

const WORST_FIRST: readonly Run['state'][] = ['unsuccessful', 'blocked', 'running', 'success', 'skipped'];

/** If CI does not say which of two runs is newer, the worse outcome counts as the newer one. */
function compareNewestFirst(a: Run, b: Run): number {
  const worse = WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state);
  return compareRuns(b, a) || worse || compareText(b.id, a.id);
}

/** A re-run often repeats only the failed jobs, so the image may be an earlier attempt's. */
function firstStart({ attempt, createdAt, startedAt }: Run): number {
  return attempt > 1 ? Math.min(createdAt ?? 0, startedAt) : startedAt;
}

/** Commit times come from the committer's clock, so ignore one that is later than the commit's first run. */
function commitTime(group: readonly Run[]): number | null {
  const firstRun = Math.min(...group.map(latestCreation));
  const times = group.flatMap((run) => (run.committedAt === null ? [] : [run.committedAt]));
  const committedAt = times.length === 0 ? null : Math.min(...times);
  return committedAt !== null && committedAt <= firstRun ? committedAt : null;
}

/** @returns latest possible creation time, milliseconds since the epoch; 0 if unknown (a re-run) */
function latestCreation({ attempt, createdAt, startedAt }: Run): number {
  return createdAt ?? (attempt === 1 ? startedAt : 0);
}

/** A skipped run does not count if the same workflow has run for the commit, on any event. */
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

/** The ids of the workflows that have run under one name on one event, by `nameAndEvent`. */
type WorkflowIds = ReadonlyMap<string, ReadonlySet<string | null>>;

function groupWorkflowIds(runs: readonly Run[]): WorkflowIds {
  const groups = Map.groupBy(runs, nameAndEvent);
  return new Map([...groups].map(([key, group]) => [key, new Set(group.map((run) => run.workflowId))]));
}

function nameAndEvent({ workflow, event }: Run): string {
  return `${event} ${workflow}`;
}

function evaluateStatus(runs: readonly Run[], ids: WorkflowIds, project: Project): [BuildStatus, string] {
  const unsuccessful = runs.filter((run) => run.state === 'unsuccessful' || run.state === 'skipped');
  if (unsuccessful.length > 0) return ['unsuccessful', describe(unsuccessful)];
  const running = runs.filter((run) => run.state === 'running' || run.state === 'blocked');
  if (running.length > 0) return ['running', describe(running)];
  const missing = project.workflows.filter((name) => !isComplete(name, runs, ids));
  if (missing.length > 0) return ['incomplete', `no run of ${missing.map(shortName).join(', ')}`];
  return ['green', describe(runs)];
}

/**
 * Several workflows can share a name (the repository's own and one added by an organization's ruleset). Then
 * each of them that has run for the branch on the event is required: a single green one may be the one that
 * builds nothing.
 */
function isComplete(name: string, runs: readonly Run[], ids: WorkflowIds): boolean {
  if (runs.some(({ workflowId }) => workflowId === name)) return true;
  const ofName = runs.filter((run) => run.workflow === name);
  return (
    ofName.length > 0 &&
    ofName.every((run) =>
      [...(ids.get(nameAndEvent(run)) ?? [])].every((id) =>
        ofName.some((other) => other.event === run.event && other.workflowId === id),
      ),
    )
  );
}

function describe(runs: readonly Run[]): string {
  return runs
    .map(({ workflow, outcome, event }) => {
      const name = workflow === null ? '' : `${shortName(workflow)} `;
      return `${name}${outcome} (${event})`;
    })
    .join(', ');
}

/** A file's name identifies its workflow well enough for people. Other names may contain slashes, too. */
function shortName(workflow: string): string {
  return /\.ya?ml$/i.test(workflow) ? workflow.slice(workflow.lastIndexOf('/') + 1) : workflow;
}

/**
 * The run of the first configured workflow, on the first configured event, represents the build: the order
 * says which of several workflows pushes the images.
 */
function createBuild(newestFirst: readonly Run[], runs: readonly Run[], request: BranchRequest): Build {
  const { project } = request;
  const rank = (run: Run): number =>
    (project.workflows.findIndex((name) => isRunOf(run, name)) + 1) * project.events.length +
    project.events.indexOf(run.event);
  const [first, ...rest] = runs;
  if (first === undefined) throw new RangeError('a build has at least one run');
  const representative = rest.reduce((best, run) => (rank(run) < rank(best) ? run : best), first);
  const [newest = representative] = newestFirst;
  return {
    ci: listingOf(project),
    gitRepository: project.gitRepository,
    commit: representative.commit,
    builtCommit: imageCommit(representative),
    branch: representative.branch ?? request.branch,
    id: representative.id,
    number: representative.number,
    attempt: String(representative.attempt),
    url: representative.url,
    event: representative.event,
    finishedAt: Math.max(...runs.map((run) => run.updatedAt)),
    position: newest.position,
    tie: newest.tie,
  };
}
