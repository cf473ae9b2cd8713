/**
 * A CI provider that tries once more after a blip. Without it, one reset connection or 502 while nothing is known yet would be an
 * error to Argo CD, which then leaves the whole ApplicationSet alone for three minutes.
 */
import { UpstreamError, type UpstreamFailureKind } from '../errors.ts';
import type { GitHost } from './git-host.ts';
import type { CiProvider } from './provider.ts';

/** A time-out has cost the caller's time already, and the other kinds do not pass by themselves. */
const BLIPS: ReadonlySet<UpstreamFailureKind> = new Set(['unreachable', 'unavailable']);
const PAUSE_MS = 200;

export interface RetryOptions {
  readonly delay: (ms: number) => Promise<void>;
  /** From 0 to below 1: replicas that failed together should not come back together. */
  readonly random: () => number;
}

/** `probe` is not tried again: whoever checks wants to see the blip. */
export function createRetryingProvider(provider: CiProvider, options: RetryOptions): CiProvider {
  return {
    ...provider,
    fetchRuns: (...args) => retry(() => provider.fetchRuns(...args), options),
    fetchBranchRuns: (...args) => retry(() => provider.fetchBranchRuns(...args), options),
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
    if (!(error instanceof UpstreamError) || !isBlip(error)) throw error;
    await delay(PAUSE_MS * (1 + random()));
    return call();
  }
}

/** An upstream that says when to come back is taken at its word. */
function isBlip({ failure }: UpstreamError): boolean {
  return BLIPS.has(failure.kind) && failure.retryAfterMs === undefined;
}
