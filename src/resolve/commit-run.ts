/** The run that stands for the commit of a call where no CI is asked (`builds: registry`). Pure. */
import type { BranchRequest, Run } from './types.ts';

/** The only event of these runs. */
export const REGISTRY_EVENT = 'builds: registry';

/**
 * No order of commits is known, and the call names the current head, so a later call's commit is newer.
 * @param asOf milliseconds since the epoch
 */
export function createCommitRun(
  { project, branch, number, headSha: commit }: BranchRequest,
  knowsPullRequests: boolean,
  asOf: number,
): Run {
  if (commit === undefined) throw new RangeError('calls for projects with builds: registry name a commit');
  const isOfPullRequest = number !== undefined && knowsPullRequests && !project.forks;
  return {
    id: '',
    number: '',
    attempt: 1,
    workflow: null,
    workflowId: null,
    branch,
    pullRequest: isOfPullRequest ? number : null,
    refKind: 'branch',
    commit,
    builtCommit: commit,
    event: REGISTRY_EVENT,
    state: 'success',
    outcome: 'named by the call, no CI asked',
    headRepositoryId: null,
    // Without `git`, nothing can tell, and only those who may push to the registry can make an image.
    origin: isOfPullRequest ? 'unknown' : 'own',
    mayPush: true,
    url: '',
    position: asOf,
    tie: '',
    createdAt: null,
    startedAt: asOf,
    updatedAt: 0,
    committedAt: null,
  };
}
