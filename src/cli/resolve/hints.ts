/** Advice on an unwanted answer, if `greenpin resolve` knows its cause. Pure. */
import type { Resolution } from '../../resolve/resolve-branch.ts';
import type { BranchRequest } from '../../resolve/types.ts';
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
  // A branch without runs has no run of any workflow, misspelled or not.
  const unseen = workflows.size === 0 ? [] : project.workflows.filter((path) => !workflows.has(path));
  return unseen.map((path) => `the branch has no run of ${path}; ${suggestWorkflow(path, workflows)}`);
}

/** True if CI has returned nothing about the branch and its answer was complete. */
function isUnknown({ decision, builds, ignored }: Resolution): boolean {
  const isCertain = decision.kind === 'failed' || decision.freshness === 'fresh';
  return isCertain && builds.length === 0 && ignored.size === 0;
}
