/** What to do about an answer that nobody wanted, where `greenpin resolve` can tell. Pure. */
import type { Resolution } from '../../resolve/resolve-branch.ts';
import type { BranchRequest } from '../../resolve/types.ts';
import { suggestBranch } from './branch-hints.ts';
import { suggestWorkflow } from '../check/workflow-hints.ts';

/** @returns sentences; none when there is nothing to add */
export function noteResolution(request: BranchRequest, resolution: Resolution): string[] {
  const { branch, project } = request;
  const { decision, workflows, knownBranches } = resolution;
  if (decision.kind === 'failed' && decision.failure !== undefined) {
    return ['greenpin check tries every connection once, and says what to do'];
  }
  if (!knownBranches.includes(branch) && isUnheardOf(resolution)) {
    return [`CI has no run of ${branch}; ${suggestBranch(branch, knownBranches)}`];
  }
  // A branch that never ran has no run of any workflow, however it is spelt.
  const unseen = workflows.size === 0 ? [] : project.workflows.filter((path) => !workflows.has(path));
  return unseen.map((path) => `the branch has no run of ${path}; ${suggestWorkflow(path, workflows)}`);
}

/** Nothing that CI told of the branch, and no doubt that it told all. */
function isUnheardOf({ decision, builds, ignored }: Resolution): boolean {
  const isSure = decision.kind === 'failed' || decision.freshness === 'fresh';
  return isSure && builds.length === 0 && ignored.size === 0;
}
