/**
 * Whose code is the pull request? A branch name alone is ambiguous: a fork's branch may bear the name of one of ours
 * (badges/shields#8733), and Argo CD's pullRequest generator does not say where the branch lies. Pure.
 */
import type { Origin } from './select-build.ts';
import type { BranchRequest, Run } from './types.ts';

export type SettledOrigin =
  | Origin
  /** It is a fork's, and forks don't count (or which fork it is cannot be told). */
  | {
      readonly kind: 'excluded';
      /** CI's record of the pull request says so. Otherwise runs do, and a fork can copy our commit and branch name. */
      readonly certain: boolean;
      readonly reason: string;
    };

export type OriginGuess =
  | SettledOrigin
  /** Only CI's own record of the pull request can tell; `otherwise` is what the runs say. */
  | { readonly kind: 'ask'; readonly number: string; readonly otherwise: SettledOrigin };

/**
 * A head that one of our own runs was for is ours. For any other, CI's record of the pull request is asked, once for each pull
 * request, where its number is known; else the runs must tell.
 * @param runs of the branch named in the request, those of forks included
 */
export function selectOrigin(runs: readonly Run[], request: BranchRequest): OriginGuess {
  const { headSha } = request;
  const atHead = headSha === undefined ? [] : runs.filter((run) => run.commit.startsWith(headSha));
  // The same commit may lie in both; then it is as much ours as theirs.
  if (atHead.some((run) => !run.foreign)) return { kind: 'own' };
  const otherwise = guess(runs, atHead, request);
  const inDoubt = headSha !== undefined || runs.some((run) => run.foreign);
  return request.number !== undefined && inDoubt
    ? { kind: 'ask', number: request.number, otherwise }
    : otherwise;
}

function guess(runs: readonly Run[], atHead: readonly Run[], request: BranchRequest): SettledOrigin {
  if (atHead.length > 0) return originOfFork(atHead, request);
  const onlyForks = runs.length > 0 && runs.every((run) => run.foreign);
  return onlyForks && request.project.forks ? originOfFork(runs, request) : { kind: 'own' };
}

/** @param headRepositoryId of the pull request, as CI records it; null: gone */
export function originOfPullRequest(
  foreign: boolean,
  headRepositoryId: string | null,
  request: BranchRequest,
): SettledOrigin {
  return foreign ? originOfForeign(headRepositoryId, request, true) : { kind: 'own' };
}

function originOfFork(runs: readonly Run[], request: BranchRequest): SettledOrigin {
  const [id, ...others] = new Set(runs.map((run) => run.headRepositoryId));
  if (others.length > 0 && request.project.forks) {
    const reason = 'several forks have a branch of this name; pass head_sha and number on';
    return { kind: 'excluded', certain: false, reason };
  }
  return originOfForeign(id ?? null, request, false);
}

function originOfForeign(
  headRepositoryId: string | null,
  { project }: BranchRequest,
  certain: boolean,
): SettledOrigin {
  if (!project.forks) {
    const reason = 'the pull request comes from a fork, and the project does not set forks: true';
    return { kind: 'excluded', certain, reason };
  }
  return headRepositoryId === null
    ? // What was built of it stays what it was.
      { kind: 'excluded', certain: false, reason: 'the fork that it came from is gone' }
    : { kind: 'fork', headRepositoryId };
}
