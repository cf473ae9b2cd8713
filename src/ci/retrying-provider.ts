/**
 * A CI provider that retries once after a transient failure. Otherwise one reset connection or 502 before
 * anything is known would be an error to Argo CD, which then skips the ApplicationSet for three minutes.
 */
import { UpstreamError, type UpstreamFailureKind } from '../errors.ts';
import { retry, type RetryOptions } from '../resilience/retry.ts';
import type { CommitStatuses } from './commit-statuses.ts';
import type { GitHost } from './git-host.ts';
import type { CiProvider } from './provider.ts';

/** A time-out has already used up the caller's time, and the other kinds are permanent. */
const TRANSIENT: ReadonlySet<UpstreamFailureKind> = new Set(['unreachable', 'unavailable']);
const PAUSE_MS = 300;

type Timing = Pick<RetryOptions, 'delay' | 'random'>;

/** Does not retry `probe`, since `check` must show the failure. */
export function createRetryingProvider(provider: CiProvider, timing: Timing): CiProvider {
  const { fetchPullRequestRuns, fetchChanges } = provider;
  return {
    ...provider,
    fetchRuns: (...args) => retryOnce(() => provider.fetchRuns(...args), timing),
    fetchBranchRuns: (...args) => retryOnce(() => provider.fetchBranchRuns(...args), timing),
    fetchPullRequestRuns:
      fetchPullRequestRuns && ((...args) => retryOnce(() => fetchPullRequestRuns(...args), timing)),
    fetchChanges: fetchChanges && ((...args) => retryOnce(() => fetchChanges(...args), timing)),
    fetchRun: (...args) => retryOnce(() => provider.fetchRun(...args), timing),
  };
}

export function createRetryingGitHost(gitHost: GitHost, timing: Timing): GitHost {
  return {
    ...gitHost,
    fetchPullRequest: (...args) => retryOnce(() => gitHost.fetchPullRequest(...args), timing),
    fetchOpenPullRequests: (...args) => retryOnce(() => gitHost.fetchOpenPullRequests(...args), timing),
  };
}

export function createRetryingStatuses(statuses: CommitStatuses, timing: Timing): CommitStatuses {
  return {
    ...statuses,
    fetchStatuses: (...args) => retryOnce(() => statuses.fetchStatuses(...args), timing),
  };
}

function retryOnce<Result>(call: () => Promise<Result>, timing: Timing): Promise<Result> {
  return retry(call, { ...timing, retries: 1, firstPauseMs: PAUSE_MS, isTransient });
}

/** If upstream says when to retry, it is not called earlier. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof UpstreamError)) return false;
  return TRANSIENT.has(error.failure.kind) && error.failure.retryAfterMs === undefined;
}
