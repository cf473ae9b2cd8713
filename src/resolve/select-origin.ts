/**
 * Whose code is the pull request? A branch name alone is ambiguous: a fork's branch may bear the name of one of ours
 * (badges/shields#8733), and Argo CD's pullRequest generator does not say where the branch lies. Pure.
 */
import type { Origin } from './select-build.ts';
import type { BranchRequest, Run } from './types.ts';

export type SettledOrigin =
  | Origin
  /** It is a fork's, and forks don't count (or which fork it is cannot be told). */
  | { readonly kind: 'excluded'; readonly reason: string };

export type OriginGuess =
  | SettledOrigin
  /** Only CI's own record of the pull request can tell; `otherwise` holds when it may not be read. */
  | { readonly kind: 'ask'; readonly number: string; readonly otherwise?: SettledOrigin };

/**
 * @param runs of the branch named in the request, those of forks included
 */
export function selectOrigin(runs: readonly Run[], request: BranchRequest): OriginGuess {
  const foreign = runs.filter((run) => run.foreign);
  if (foreign.length === 0) return { kind: 'own' };
  const atHead = request.headSha === undefined ? [] : runs.filter((run) => run.commit === request.headSha);
  // The same commit may lie in both; then it is as much ours as theirs.
  if (atHead.some((run) => !run.foreign)) return { kind: 'own' };
  if (atHead.length > 0) {
    // A fork can copy our head commit under our branch's name: its run alone must not take our environment down.
    const guess = originOfFork(atHead, request);
    return request.number === undefined ? guess : { kind: 'ask', number: request.number, otherwise: guess };
  }
  if (request.number !== undefined) return { kind: 'ask', number: request.number };
  const onlyForks = foreign.length === runs.length;
  return onlyForks && request.project.forks ? originOfFork(foreign, request) : { kind: 'own' };
}

/** @param headRepositoryId of the pull request, as CI records it; null: gone */
export function originOfPullRequest(
  foreign: boolean,
  headRepositoryId: string | null,
  request: BranchRequest,
): SettledOrigin {
  if (!foreign) return { kind: 'own' };
  if (!request.project.forks) return FORKS_EXCLUDED;
  if (headRepositoryId === null) return { kind: 'excluded', reason: 'the fork that it came from is gone' };
  return { kind: 'fork', headRepositoryId };
}

const FORKS_EXCLUDED: SettledOrigin = {
  kind: 'excluded',
  reason: 'the pull request comes from a fork, and the project does not set forks: true',
};

function originOfFork(runs: readonly Run[], request: BranchRequest): SettledOrigin {
  const [id, ...others] = new Set(runs.map((run) => run.headRepositoryId));
  if (others.length > 0 && request.project.forks) {
    return {
      kind: 'excluded',
      reason: 'several forks have a branch of this name; pass head_sha and number on',
    };
  }
  return originOfPullRequest(true, id ?? null, request);
}
