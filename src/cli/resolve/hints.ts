/** Advice on an unwanted answer, if `greenpin resolve` knows its cause. Pure. */
import type { Resolution } from '../../resolve/resolve-branch.ts';
import type { BranchRequest, Project } from '../../resolve/types.ts';
import { formatPath } from '../../text/document-path.ts';
import { suggestBranch, suggestWorkflow } from '../suggestions.ts';

/** @returns sentences; none if there is no advice */
export function findHints(request: BranchRequest, resolution: Resolution): string[] {
  const { branch, project } = request;
  const { decision, workflows, knownBranches } = resolution;
  if (decision.kind === 'failed' && decision.failure !== undefined) {
    return ['run greenpin check: it tests every connection and gives advice'];
  }
  if (!knownBranches.includes(branch) && isUnknown(resolution)) {
    return project.builds === 'statuses'
      ? [`the Git host lists no push to ${branch}; ${suggestBranch(branch, knownBranches, 'pushes to')}`]
      : [`CI has no run of ${branch}; ${suggestBranch(branch, knownBranches)}`];
  }
  const cause = decision.kind === 'nothing' ? findCause(project, resolution) : undefined;
  if (cause !== undefined) return [cause];
  // A branch without runs has no run of any workflow, misspelled or not.
  const unseen = workflows.size === 0 ? [] : project.workflows.filter((path) => !workflows.has(path));
  return unseen.map((path) => `the branch has no run of ${path}; ${suggestWorkflow(path, workflows)}`);
}

/** The likely cause if no build is green: the runs do not count, or the newest build waits for a person. */
function findCause(project: Project, { builds, ignored }: Resolution): string | undefined {
  const key = (name: string) => formatPath(['projects', project.name, name]);
  if (builds[0]?.status === 'blocked') {
    return `the newest build waits for a person in CI; ${key('blocked')}: success would count it`;
  }
  const reasons = [...ignored.keys()];
  if (builds.length > 0 || reasons.length === 0) return undefined;
  const events = reasons.map((reason) => /^event (\S+) is not in events$/.exec(reason)?.[1]);
  if (events.every((event) => event !== undefined)) {
    return `no run of the branch counts; if runs of ${events.join(' or ')} push the images, add that to ${key('events')}`;
  }
  if (project.git === undefined && reasons.includes('of unknown origin')) {
    return `name the connection to the Git host in ${key('git')}: without one, runs of pull requests count as a fork's`;
  }
  return undefined;
}

/** True if CI has returned nothing about the branch and its answer was complete. */
function isUnknown({ decision, builds, ignored }: Resolution): boolean {
  const isCertain = decision.kind === 'failed' || decision.freshness === 'fresh';
  return isCertain && builds.length === 0 && ignored.size === 0;
}
