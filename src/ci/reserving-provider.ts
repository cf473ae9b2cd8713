/**
 * A CI provider that keeps the last calls of a quota for listings: whoever asks for branches or pull requests that nobody knows must
 * not use up what every known branch is told by.
 */
import { UpstreamError } from '../errors.ts';
import type { GitHost } from './git-host.ts';
import type { CiProvider } from './provider.ts';

/** How the quota of the provider's connection does. */
export interface Quota {
  /** Only so many calls are left as listings may need until there are more. */
  isLow(): boolean;
  /**
   * A call begins that is no listing: it may use one up, though nobody has told so yet.
   * @returns to be called once, when it has ended
   */
  began(): () => void;
  /** Upstream refuses calls for so many milliseconds. */
  refused(forMs: number): void;
}

/** Where upstream does not say for how long. */
const REFUSED_FOR = 60_000;

export function createReservingProvider(provider: CiProvider, quota: Quota): CiProvider {
  const { host } = provider;
  return {
    ...provider,
    fetchRuns: (...args) => watch(() => provider.fetchRuns(...args), quota),
    fetchBranchRuns: (...args) => spare(() => provider.fetchBranchRuns(...args), host, quota),
    fetchRun: (...args) => spare(() => provider.fetchRun(...args), host, quota),
  };
}

/** Listing the open pull requests serves all of them, so that it counts as a listing. */
export function createReservingGitHost(gitHost: GitHost, quota: Quota): GitHost {
  return {
    ...gitHost,
    fetchPullRequest: (...args) => spare(() => gitHost.fetchPullRequest(...args), gitHost.host, quota),
    fetchOpenPullRequests: (...args) => watch(() => gitHost.fetchOpenPullRequests(...args), quota),
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
