/**
 * A CI provider that tries once more after a blip. Without it, one reset connection or 502 while nothing is known yet would be an
 * error to Argo CD, which then leaves the whole ApplicationSet alone for three minutes.
 */
import { UpstreamError, type UpstreamFailureKind } from '../errors.ts';
import type { CiProvider } from './provider.ts';

/** A time-out has cost the caller's time already, and the other kinds do not pass by themselves. */
const BLIPS: ReadonlySet<UpstreamFailureKind> = new Set(['unreachable', 'unavailable']);
const PAUSE_MS = 200;

export interface RetryOptions {
  readonly delay: (ms: number) => Promise<void>;
  /** From 0 to below 1: replicas that failed together should not come back together. */
  readonly random: () => number;
}

/** `probe` is not tried again: who checks wants to see the blip. */
export function createRetryingProvider(provider: CiProvider, { delay, random }: RetryOptions): CiProvider {
  async function retry<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof UpstreamError) || !isBlip(error)) throw error;
      await delay(PAUSE_MS * (1 + random()));
      return call();
    }
  }

  return {
    host: provider.host,
    fetchRuns: (...args) => retry(() => provider.fetchRuns(...args)),
    fetchBranchRuns: (...args) => retry(() => provider.fetchBranchRuns(...args)),
    fetchRun: (...args) => retry(() => provider.fetchRun(...args)),
    fetchPullRequest: (...args) => retry(() => provider.fetchPullRequest(...args)),
    probe: (gitRepository) => provider.probe(gitRepository),
    ...(provider.generation && { generation: provider.generation }),
  };
}

/** An upstream that says when to come back is taken at its word. */
function isBlip({ failure }: UpstreamError): boolean {
  return BLIPS.has(failure.kind) && failure.retryAfterMs === undefined;
}
