/**
 * A CI provider that reserves the last calls of a quota for listings: requests for unknown branches or pull
 * requests must not use up the calls that keep every known branch fresh.
 */
import { UpstreamError } from '../errors.ts';
import type { CommitStatuses } from './commit-statuses.ts';
import type { GitHost } from './git-host.ts';
import type { CiProvider } from './provider.ts';

/** State of the connection's quota. */
export interface Quota {
  /** True if listings may need all remaining calls until the quota is renewed. */
  isLow(): boolean;
  /**
   * Counts a call that is not a listing until it ends, since upstream reports the remaining calls only then.
   * @returns a function to call once, when the call has ended
   */
  began(): () => void;
  /** Called when upstream refuses calls for this many milliseconds. */
  refused(forMs: number): void;
}

/** Default in milliseconds if upstream names no time. */
const REFUSED_FOR = 60_000;

export function createReservingProvider(provider: CiProvider, quota: Quota): CiProvider {
  const { host, fetchPullRequestRuns, fetchChanges } = provider;
  return {
    ...provider,
    fetchRuns: (...args) => watch(() => provider.fetchRuns(...args), quota),
    fetchBranchRuns: (...args) => spare(() => provider.fetchBranchRuns(...args), host, quota),
    fetchPullRequestRuns:
      fetchPullRequestRuns && ((...args) => spare(() => fetchPullRequestRuns(...args), host, quota)),
    fetchChanges: fetchChanges && ((...args) => watch(() => fetchChanges(...args), quota)),
    fetchRun: (...args) => spare(() => provider.fetchRun(...args), host, quota),
  };
}

/** Listing the open pull requests serves all of them, so it counts as a listing. */
export function createReservingGitHost(gitHost: GitHost, quota: Quota): GitHost {
  return {
    ...gitHost,
    fetchPullRequest: (...args) => spare(() => gitHost.fetchPullRequest(...args), gitHost.host, quota),
    fetchOpenPullRequests: (...args) => watch(() => gitHost.fetchOpenPullRequests(...args), quota),
  };
}

export function createReservingStatuses(statuses: CommitStatuses, quota: Quota): CommitStatuses {
  const { host } = statuses;
  return {
    ...statuses,
    fetchStatuses: (...args) => spare(() => statuses.fetchStatuses(...args), host, quota),
  };
}

async function watch<Result>(call: () => Promise<Result>, quota: Quota): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof UpstreamError && error.failure.kind === 'rate_limited') {
      quota.refused(error.failure.retryAfterMs ?? REFUSED_FOR);
    }
    throw error;
  }
}

async function spare<Result>(call: () => Promise<Result>, host: string, quota: Quota): Promise<Result> {
  if (quota.isLow()) {
    const message = `${host} allows few more calls for now, and these are kept for the lists of runs`;
    throw new UpstreamError({ kind: 'rate_limited', host, message });
  }
  const end = quota.began();
  try {
    return await watch(call, quota);
  } finally {
    end();
  }
}
