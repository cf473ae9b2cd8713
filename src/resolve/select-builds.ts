/** Selects the builds of a branch: groups its runs by commit and evaluates each commit. Pure. */
import { compareRuns, compareText } from './run-order.ts';
import { evaluateBuild, groupWorkflowIds, type EvaluatedBuild } from './evaluate-build.ts';
import { mayBuildProject } from './named-workflows.ts';
import type { Origin } from './select-origin.ts';
import type { BranchRequest, Build, Project, Run } from './types.ts';

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
    .map((group) => evaluateBuild(group, identities, request))
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
  if (!mayBuildProject(run, project)) {
    return `workflow ${run.workflow} is not in workflows`;
  }
  return undefined;
}

/** A run that names the pull request comes from its fork, even if CI does not name the fork. */
function isOfFork(run: Run, headRepositoryId: string | null, isOfPullRequest: boolean): boolean {
  return isOfPullRequest || (headRepositoryId !== null && run.headRepositoryId === headRepositoryId);
}
