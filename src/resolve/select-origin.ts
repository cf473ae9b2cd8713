/**
 * Decides whose code a pull request contains. A branch name alone is ambiguous: a fork's branch may have the
 * same name as one of ours (badges/shields#8733), and Argo CD's pullRequest generator does not say which
 * repository the branch is in. Pure.
 */
import type { PullRequestHead } from './ports.ts';
import type { BranchRequest, Run } from './types.ts';

/**
 * Whose runs count: those of the repository itself, or those of one fork (only with `forks: true`).
 * `pullRequest` is the number of the pull request whose record says so: its runs count even if CI does not
 * say where they come from.
 */
export type Origin =
  | { readonly kind: 'own'; readonly pullRequest?: string | undefined }
  | {
      readonly kind: 'fork';
      /** In CI's own ids; null if only a run that names the pull request is known to be the fork's. */
      readonly headRepositoryId: string | null;
      readonly pullRequest?: string | undefined;
    };

export type ResolvedOrigin =
  | Origin
  /** The code is a fork's and forks don't count, or the fork is unknown. */
  | {
      readonly kind: 'excluded';
      /** True if the pull request's record says so. Runs prove nothing: a fork can copy commit and branch. */
      readonly certain: boolean;
      readonly reason: string;
    };

export type OriginFromRuns =
  | ResolvedOrigin
  /** Only the pull request's record can tell; `fallback` is what the runs suggest. */
  | { readonly kind: 'needsLookup'; readonly number: string; readonly fallback: ResolvedOrigin };

/**
 * A head commit that one of our own runs has built is ours. For any other head, and if there are runs of the
 * pull request that do not say whose they are, its record decides if its number is known; otherwise the runs
 * do.
 * @param runs of the branch named in the request, including those of forks
 */
export function selectOrigin(runs: readonly Run[], request: BranchRequest): OriginFromRuns {
  const { headSha, number } = request;
  const atHead = headSha === undefined ? [] : runs.filter((run) => run.commit.startsWith(headSha));
  // The same commit may be in both repositories; then it is as much ours as theirs.
  if (atHead.some((run) => run.origin === 'own')) {
    // Runs of the pull request that CI does not place may count as well, if its record says so.
    const isOfPullRequest = (run: Run) => run.origin === 'unknown' && run.pullRequest === number;
    const own = { kind: 'own' } as const;
    return number !== undefined && runs.some(isOfPullRequest)
      ? { kind: 'needsLookup', number, fallback: own }
      : own;
  }
  const fallback = selectOriginOfRuns(runs, atHead, request);
  const isAmbiguous = headSha !== undefined || runs.some((run) => run.origin !== 'own');
  return number !== undefined && isAmbiguous ? { kind: 'needsLookup', number, fallback } : fallback;
}

function selectOriginOfRuns(
  runs: readonly Run[],
  atHead: readonly Run[],
  request: BranchRequest,
): ResolvedOrigin {
  if (atHead.length > 0) return selectFork(atHead, request);
  const onlyForks = runs.length > 0 && runs.every((run) => run.origin === 'foreign');
  return onlyForks && request.project.forks ? selectFork(runs, request) : { kind: 'own' };
}

/** @param head the pull request's record */
export function selectOriginOfPullRequest(head: PullRequestHead, request: BranchRequest): ResolvedOrigin {
  const { number: pullRequest } = request;
  if (head.origin === 'own') return { kind: 'own', pullRequest };
  const origin = acceptFork(head.headRepositoryId, request, true);
  if (origin.kind !== 'fork') return origin;
  // Ids of two servers say nothing about each other.
  const { ci, git = ci } = request.project;
  return { ...origin, pullRequest, headRepositoryId: git === ci ? origin.headRepositoryId : null };
}

/** @param runs none of which is known to be our own */
function selectFork(runs: readonly Run[], request: BranchRequest): ResolvedOrigin {
  if (runs.some((run) => run.origin === 'unknown')) {
    const reason =
      'CI does not say whether the commit comes from a fork; pass number on, and let git name the Git host';
    return { kind: 'excluded', certain: false, reason };
  }
  const [id, ...others] = new Set(runs.map((run) => run.headRepositoryId));
  if (others.length > 0 && request.project.forks) {
    const reason = 'several forks have a branch of this name; pass head_sha and number on';
    return { kind: 'excluded', certain: false, reason };
  }
  return acceptFork(id ?? null, request, false);
}

function acceptFork(
  headRepositoryId: string | null,
  { project }: BranchRequest,
  certain: boolean,
): ResolvedOrigin {
  if (!project.forks) {
    const reason = 'the pull request comes from a fork, and the project does not set forks: true';
    return { kind: 'excluded', certain, reason };
  }
  // A deleted fork is never certain: its builds remain valid.
  return headRepositoryId === null
    ? { kind: 'excluded', certain: false, reason: 'the fork that it came from was deleted' }
    : { kind: 'fork', headRepositoryId };
}
