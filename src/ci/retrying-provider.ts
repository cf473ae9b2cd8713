/**
 * A CI provider that retries once after a transient failure. Without it, one reset connection or 502 before anything is known would be
 * an error to Argo CD, which then leaves the whole ApplicationSet alone for three minutes.
 */
import { UpstreamError, type UpstreamFailureKind } from '../errors.ts';
import type { GitHost } from './git-host.ts';
import type { CiProvider } from './provider.ts';

/** A time-out has already used up the caller's time, and the other kinds do not go away by themselves. */
const TRANSIENT: ReadonlySet<UpstreamFailureKind> = new Set(['unreachable', 'unavailable']);
const PAUSE_MS = 200;

export interface RetryOptions {
  readonly delay: (ms: number) => Promise<void>;
  /** Returns 0 to below 1: replicas that failed together should not retry together. */
  readonly random: () => number;
}

/** `probe` is not retried: `check` must show the failure. */
export function createRetryingProvider(provider: CiProvider, options: RetryOptions): CiProvider {
  const { fetchPullRequestRuns, fetchChanges } = provider;
  return {
    ...provider,
    fetchRuns: (...args) => retry(() => provider.fetchRuns(...args), options),
    fetchBranchRuns: (...args) => retry(() => provider.fetchBranchRuns(...args), options),
    fetchPullRequestRuns:
      fetchPullRequestRuns && ((...args) => retry(() => fetchPullRequestRuns(...args), options)),
    fetchChanges: fetchChanges && ((...args) => retry(() => fetchChanges(...args), options)),
    fetchRun: (...args) => retry(() => provider.fetchRun(...args), options),
  };
}

export function createRetryingGitHost(gitHost: GitHost, options: RetryOptions): GitHost {
  return {
    ...gitHost,
    fetchPullRequest: (...args) => retry(() => gitHost.fetchPullRequest(...args), options),
    fetchOpenPullRequests: (...args) => retry(() => gitHost.fetchOpenPullRequests(...args), options),
  };
}

async function retry<Result>(call: () => Promise<Result>, { delay, random }: RetryOptions): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof UpstreamError) || !isTransient(error)) throw error;
    await delay(PAUSE_MS * (1 + random()));
    return call();
  }
}

/** An upstream that says when to retry is not called before. */
function isTransient({ failure }: UpstreamError): boolean {
  return TRANSIENT.has(failure.kind) && failure.retryAfterMs === undefined;
}
