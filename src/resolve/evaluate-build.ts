/** Evaluates one commit by its runs: what each workflow says, and what they add up to. Pure. */
import { compareRuns, compareText } from './run-order.ts';
import { isRunOf, listNamedWorkflows, shortName } from './named-workflows.ts';
import type { BranchRequest, Build, GateStatus, ImageRule, Project, Run } from './types.ts';

/**
 * - `green`: every required workflow succeeded
 * - `running`: nothing failed, something has not finished
 * - `blocked`: nothing failed or runs, something waits for a person
 * - `unsuccessful`: a workflow's newest run failed, was cancelled, was skipped, ...
 * - `incomplete`: a required workflow, or one that an image cannot do without, has no run for this commit
 */
export type BuildStatus = 'green' | 'running' | 'blocked' | 'unsuccessful' | 'incomplete';

/** A commit with the runs that count for it, and what they add up to. */
export interface EvaluatedBuild extends BuildPart {
  readonly status: BuildStatus;
  /** The reason for the status, for people: `build.yml failure (push)`. */
  readonly reason: string;
  /**
   * True if the commit would be green, had the workflow of an image that takes no other build's
   * (`onMissing: reject`) run for it. Its other images may still be taken for a newer commit.
   */
  readonly isPartial: boolean;
  /** The part of each workflow that images name and that ran for the commit. */
  readonly byWorkflow: ReadonlyMap<string, BuildPart>;
  /** The statuses that let the build pass the project's gate, or not; undefined if it was not read. */
  readonly statuses?: readonly GateStatus[] | undefined;
}

/** A build, or the part of it that the runs of one workflow make up. */
export interface BuildPart {
  readonly build: Build;
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

/** @param identities of all runs of the branch that count */
export function evaluateBuild(
  group: readonly Run[],
  identities: WorkflowIds,
  request: BranchRequest,
): EvaluatedBuild {
  const { project } = request;
  const newestFirst = group.toSorted(compareNewestFirst);
  const whole = createPart(newestFirst, request);
  const byWorkflow = new Map(
    project.images.flatMap(({ workflow }): [string, BuildPart][] => {
      if (workflow === undefined) return [];
      const own = newestFirst.filter((run) => run.state !== 'skipped' && isRunOf(run, workflow));
      if (!isComplete(workflow, own, identities)) return [];
      const part = createPart(own, request);
      // Images of one commit are equally old, whichever workflow pushed them.
      const { position, tie } = whole.build;
      return [[workflow, { ...part, build: { ...part.build, position, tie } }]];
    }),
  );
  const [status, reason, isPartial = false] = evaluateStatus(whole.runs, identities, byWorkflow, project);
  return { ...whole, status, reason, isPartial, byWorkflow };
}

/** @param group runs of one commit, newest first */
function createPart(group: readonly Run[], request: BranchRequest): BuildPart {
  const runs = newestOfEachWorkflowAndEvent(group);
  const build = createBuild(group, runs, request);
  // Another merge of the same head has an image of its own.
  const ofImage = group.filter((run) => runs.includes(run) || imageCommit(run) === build.builtCommit);
  return {
    build,
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

export function groupWorkflowIds(runs: readonly Run[]): WorkflowIds {
  const groups = Map.groupBy(runs, nameAndEvent);
  return new Map([...groups].map(([key, group]) => [key, new Set(group.map((run) => run.workflowId))]));
}

function nameAndEvent({ workflow, event }: Run): string {
  return `${event} ${workflow}`;
}

/**
 * A workflow that an image names is required only if the image cannot come from another build. If it was
 * skipped, as path filters in its jobs cause it, it did not run.
 */
function evaluateStatus(
  runs: readonly Run[],
  ids: WorkflowIds,
  byWorkflow: EvaluatedBuild['byWorkflow'],
  project: Project,
): [status: BuildStatus, reason: string, isPartial?: boolean] {
  const { workflows, images } = project;
  const named = new Set(images.flatMap(({ workflow }) => workflow ?? []));
  const isOfImage = (run: Run) => [...named].some((name) => isRunOf(run, name));
  const inState = (...states: readonly Run['state'][]) => runs.filter(({ state }) => states.includes(state));
  const unsuccessful = inState('unsuccessful', 'skipped').filter(
    (run) => run.state === 'unsuccessful' || !isOfImage(run),
  );
  if (unsuccessful.length > 0) return ['unsuccessful', describe(unsuccessful)];
  const running = inState('running');
  if (running.length > 0) return ['running', describe(running)];
  const blocked = project.blocked === 'success' ? [] : inState('blocked');
  if (blocked.length > 0) return ['blocked', describe(blocked)];
  const missing = workflows.filter((name) => !named.has(name) && !isComplete(name, runs, ids)).map(shortName);
  const ofImages = images.flatMap(({ name, workflow, onMissing }) =>
    workflow !== undefined && onMissing === 'reject' && !byWorkflow.has(workflow)
      ? `${shortName(workflow)} (image ${name})`
      : [],
  );
  const hasRun = inState('success', 'blocked').length > 0;
  if (missing.length + ofImages.length > 0) {
    const reason = `no run of ${[...missing, ...ofImages].join(', ')}`;
    return ['incomplete', reason, hasRun && missing.length === 0];
  }
  return [hasRun ? 'green' : 'incomplete', describe(runs)];
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

/**
 * The run of the first configured workflow, on the first configured event, represents the build: the order
 * says which of several workflows pushes the images.
 */
function createBuild(newestFirst: readonly Run[], runs: readonly Run[], request: BranchRequest): Build {
  const { project } = request;
  const named = listNamedWorkflows(project);
  const rank = (run: Run): number => {
    const index = named.findIndex((name) => isRunOf(run, name));
    return (index === -1 ? named.length : index) * project.events.length + project.events.indexOf(run.event);
  };
  const ran = runs.filter(({ state }) => state !== 'skipped');
  const [first, ...rest] = ran.length === 0 ? runs : ran;
  if (first === undefined) throw new RangeError('a build has at least one run');
  const representative = rest.reduce((best, run) => (rank(run) < rank(best) ? run : best), first);
  const [newest = representative] = newestFirst;
  return {
    ci: listingOf(project),
    gitRepository: project.gitRepository,
    commit: representative.commit,
    builtCommit: imageCommit(representative),
    ...selectBranch(representative, request),
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

function selectBranch(
  { branch, queuedFor }: Run,
  request: BranchRequest,
): Pick<Build, 'branch' | 'queueBranch'> {
  return branch !== null && queuedFor !== undefined && branch !== request.branch
    ? { branch: queuedFor, queueBranch: branch }
    : { branch: branch ?? request.branch };
}

/**
 * Returns the part of a build that pushes an image: the runs of the image's own workflow, if it names one.
 * @returns undefined if that workflow did not run for the commit
 */
export function selectImagePart({ workflow }: ImageRule, evaluated: EvaluatedBuild): BuildPart | undefined {
  return workflow === undefined ? evaluated : evaluated.byWorkflow.get(workflow);
}

/** @returns the commit that tags and revisions of the run's images name */
export function imageCommit({ commit, builtCommit }: Run): string {
  return builtCommit ?? commit;
}

/** @returns the build's runs and attempts, as a pinned image stores them */
export function formatAttempts({ runs }: BuildPart): string {
  return runs.map(formatAttempt).toSorted().join(' ');
}

export function formatAttempt({ id, attempt }: Run): string {
  return `${id}:${attempt}`;
}

/** Recreates a build that was handed out, since CI may have forgotten its runs. */
export function recreateGreenBuild(build: Build): EvaluatedBuild {
  const forgotten = { runs: [], startedAt: 0, checkedOut: false, repeated: true, committedAt: null };
  return {
    build,
    status: 'green',
    reason: 'handed out before',
    isPartial: false,
    byWorkflow: new Map(),
    ...forgotten,
  };
}

/** @returns the branch that the build's tags name */
export function tagBranch({ branch, queueBranch }: Build): string {
  return queueBranch ?? branch;
}

/** @returns `Build.ci`: pushes are listed apart from runs */
export function listingOf({ ci, builds }: Project): string {
  return builds === 'statuses' ? `${ci} (pushes)` : ci;
}
