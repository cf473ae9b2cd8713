/** Which of a branch's commits are green builds (design §2). Pure: the provider fetched, nothing here asks anybody. */
import type { Build, Project, Run } from './types.ts';

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
 * @returns newest first: by when the commit's newest run was created, then by run id
 */
export function selectBuilds(runs: readonly Run[], project: Project, origin: Origin): JudgedBuild[] {
  const byCommit = new Map<string, Run[]>();
  for (const run of runs) {
    if (!counts(run, project, origin)) continue;
    const group = byCommit.get(run.commit);
    if (group === undefined) byCommit.set(run.commit, [run]);
    else group.push(run);
  }
  return [...byCommit.values()]
    .map((group) => judge(group, project))
    .toSorted((a, b) => compareBuilds(b.build, a.build));
}

/**
 * Orders builds of one branch in time.
 * @returns negative when `a` is older than `b`, 0 for the same commit
 */
export function compareBuilds(a: Build, b: Build): number {
  if (a.commit === b.commit) return 0;
  return a.position - b.position || compareIds(a.id, b.id) || (a.commit < b.commit ? -1 : 1);
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

function judge(group: readonly Run[], project: Project): JudgedBuild {
  const newestFirst = group.toSorted((a, b) => compareRuns(b, a));
  const runs = newestOfEachWorkflowAndEvent(newestFirst);
  const [verdict, reason] = verdictOf(runs, project);
  return {
    build: createBuild(newestFirst, runs, project),
    verdict,
    reason,
    runs,
    committedAt: commitTime(group),
  };
}

/** The committer's clock made it up: a commit that is younger than its first run is of no known age. */
function commitTime(group: readonly Run[]): number | null {
  const firstRun = Math.min(...group.map((run) => run.createdAt));
  const times = group.flatMap((run) => (run.committedAt === null ? [] : [run.committedAt]));
  const committedAt = times.length === 0 ? null : Math.min(...times);
  return committedAt !== null && committedAt <= firstRun ? committedAt : null;
}

function newestOfEachWorkflowAndEvent(newestFirst: readonly Run[]): Run[] {
  const newest = new Map<string, Run>();
  for (const run of newestFirst) {
    const key = JSON.stringify([run.event, run.workflow, run.workflowId]);
    if (!newest.has(key)) newest.set(key, run);
  }
  return [...newest.values()];
}

function verdictOf(runs: readonly Run[], project: Project): [Verdict, string] {
  const unsuccessful = runs.filter((run) => run.state === 'unsuccessful' || run.state === 'skipped');
  if (unsuccessful.length > 0) return ['unsuccessful', describe(unsuccessful)];
  const running = runs.filter((run) => run.state === 'running');
  if (running.length > 0) return ['running', describe(running)];
  const missing = project.workflows.filter((path) => !runs.some((run) => run.workflow === path));
  if (missing.length > 0) return ['incomplete', `no run of ${missing.map(fileName).join(', ')}`];
  return ['green', describe(runs)];
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
function createBuild(newestFirst: readonly Run[], runs: readonly Run[], project: Project): Build {
  const rank = (run: Run): number =>
    (project.workflows.indexOf(run.workflow) + 1) * project.events.length + project.events.indexOf(run.event);
  const [first, ...rest] = runs;
  if (first === undefined) throw new RangeError('a build has at least one run');
  const standsFor = rest.reduce((best, run) => (rank(run) < rank(best) ? run : best), first);
  return {
    commit: standsFor.commit,
    branch: standsFor.branch,
    id: standsFor.id,
    number: standsFor.number,
    attempt: String(standsFor.attempt),
    url: standsFor.url,
    event: standsFor.event,
    finishedAt: Math.max(...runs.map((run) => run.updatedAt)),
    position: newestFirst[0]?.createdAt ?? standsFor.createdAt,
  };
}

function compareRuns(a: Run, b: Run): number {
  return a.createdAt - b.createdAt || compareIds(a.id, b.id);
}

/** Compares decimal ids of any length as numbers; other ids as text. */
export function compareIds(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
