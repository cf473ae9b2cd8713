/**
 * A CI provider that retries once after a transient failure. Without it, one reset connection or 502 before anything is known would be
 * an error to Argo CD, which then leaves the whole ApplicationSet alone for three minutes.
 */
import { UpstreamError, type UpstreamFailureKind } from '../errors.ts';
import { retry, type RetryOptions } from '../resilience/retry.ts';
import type { CiProvider } from './provider.ts';

/** A time-out has already used up the caller's time, and the other kinds do not go away by themselves. */
const TRANSIENT: ReadonlySet<UpstreamFailureKind> = new Set(['unreachable', 'unavailable']);
const PAUSE_MS = 300;

/** `probe` is not retried: `check` must show the failure. */
export function createRetryingProvider(
  provider: CiProvider,
  { delay, random }: Pick<RetryOptions, 'delay' | 'random'>,
): CiProvider {
  const once = <Result>(call: () => Promise<Result>): Promise<Result> =>
    retry(call, { retries: 1, firstPauseMs: PAUSE_MS, isTransient, delay, random });

  const { fetchPullRequestRuns, fetchChanges } = provider;
  return {
    ...provider,
    fetchRuns: (...args) => once(() => provider.fetchRuns(...args)),
    fetchBranchRuns: (...args) => once(() => provider.fetchBranchRuns(...args)),
    ...(fetchPullRequestRuns && {
      fetchPullRequestRuns: (...args) => once(() => fetchPullRequestRuns(...args)),
    }),
    ...(fetchChanges && { fetchChanges: (...args) => once(() => fetchChanges(...args)) }),
    fetchRun: (...args) => once(() => provider.fetchRun(...args)),
    fetchPullRequest: (...args) => once(() => provider.fetchPullRequest(...args)),
  };
}

/** An upstream that says when to retry is not called before. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof UpstreamError)) return false;
  return TRANSIENT.has(error.failure.kind) && error.failure.retryAfterMs === undefined;
}
