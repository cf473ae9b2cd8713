/**
 * A CI provider that tries once more after a blip. Without it, one reset connection or 502 while nothing is known yet would be an
 * error to Argo CD, which then leaves the whole ApplicationSet alone for three minutes.
 */
import { UpstreamError, type UpstreamFailureKind } from '../errors.ts';
import { retry, type RetryOptions } from '../resilience/retry.ts';
import type { CiProvider } from './provider.ts';

/** A time-out has cost the caller's time already, and the other kinds do not pass by themselves. */
const BLIPS: ReadonlySet<UpstreamFailureKind> = new Set(['unreachable', 'unavailable']);
const PAUSE_MS = 300;

/** `probe` is not tried again: who checks wants to see the blip. */
export function createRetryingProvider(
  provider: CiProvider,
  { delay, random }: Pick<RetryOptions, 'delay' | 'random'>,
): CiProvider {
  const once = <Result>(call: () => Promise<Result>): Promise<Result> =>
    retry(call, { retries: 1, firstPauseMs: PAUSE_MS, isTransient: isBlip, delay, random });

  return {
    host: provider.host,
    fetchRuns: (...args) => once(() => provider.fetchRuns(...args)),
    fetchBranchRuns: (...args) => once(() => provider.fetchBranchRuns(...args)),
    fetchRun: (...args) => once(() => provider.fetchRun(...args)),
    fetchPullRequest: (...args) => once(() => provider.fetchPullRequest(...args)),
    probe: (gitRepository) => provider.probe(gitRepository),
    ...(provider.generation && { generation: provider.generation }),
  };
}

/** An upstream that says when to come back is taken at its word. */
function isBlip(error: unknown): boolean {
  if (!(error instanceof UpstreamError)) return false;
  return BLIPS.has(error.failure.kind) && error.failure.retryAfterMs === undefined;
}
