/** Failures: each call of each port fails with the same message, and shows no secret. */
import { describe, expect, it } from 'vitest';
import type { CiPorts } from '../../../src/ci/kind.ts';
import type { UpstreamFailureKind } from '../../../src/errors.ts';
import { failureOf, FAULTS, type CiUpstream, type ContractFault, type OptionalPort } from './upstream.ts';

type Call = (ports: CiPorts, upstream: CiUpstream) => Promise<unknown> | undefined;

const CALLS: Record<string, Call> = {
  fetchRuns: ({ provider }, { gitRepository }) => provider.fetchRuns(gitRepository),
  fetchBranchRuns: ({ provider }, { gitRepository }) => provider.fetchBranchRuns(gitRepository, 'main'),
  fetchRun: ({ provider }, { gitRepository, sampleId }) => provider.fetchRun(gitRepository, sampleId),
  probe: ({ provider }, { gitRepository }) => provider.probe(gitRepository),
};

const CALLS_BY_PORT: Record<OptionalPort, Record<string, Call>> = {
  gitHost: {
    fetchPullRequest: ({ gitHost }, { gitRepository }) => gitHost?.fetchPullRequest(gitRepository, '1'),
    fetchOpenPullRequests: ({ gitHost }, { gitRepository }) => gitHost?.fetchOpenPullRequests(gitRepository),
  },
  statuses: {
    fetchStatuses: ({ statuses }, { gitRepository }) =>
      statuses?.fetchStatuses(gitRepository, 'a'.repeat(40)),
  },
  pushLog: {
    fetchPushes: ({ pushLog }, { gitRepository }) => pushLog?.fetchPushes(gitRepository),
    fetchBranchPushes: ({ pushLog }, { gitRepository }) => pushLog?.fetchBranchPushes(gitRepository, 'main'),
  },
};

export function describeFaults(
  current: () => CiUpstream,
  ports: readonly OptionalPort[],
  hasRuns: boolean,
): void {
  const calls = Object.entries(
    Object.assign({}, hasRuns ? CALLS : {}, ...ports.map((port) => CALLS_BY_PORT[port])) as typeof CALLS,
  );
  const faults = Object.entries(FAULTS) as [ContractFault, UpstreamFailureKind][];
  const cases = calls.flatMap(([name, call]) =>
    faults.map(([fault, kind]) => [name, fault, kind, call] as const),
  );

  describe('every call', () => {
    it.each(cases)('%s fails on %s as %s', async (_name, fault, kind, call) => {
      const upstream = current();
      const { host, secret } = upstream;
      upstream.breakWith(fault);
      const attempt = () =>
        failureOf(
          call(kind === 'timeout' ? upstream.impatient : upstream.ports, upstream) ?? Promise.resolve(),
        );
      const [first, second] = [await attempt(), await attempt()];
      expect(first).toMatchObject({ kind, host });
      expect(second.message).toBe(first.message);
      expect(first.message).toContain(host);
      expect(first.message).not.toContain(secret);
    });

    it('is not sent while a rate limit lasts', async () => {
      const upstream = current();
      upstream.breakWith('a rate limit');
      const [, begin] = calls[0] ?? [];
      const first = await failureOf(begin?.(upstream.ports, upstream) ?? Promise.resolve());
      expect(first.retryAfterMs).toBeGreaterThan(0);
      for (const [, call] of calls) {
        const failure = await failureOf(call(upstream.ports, upstream) ?? Promise.resolve());
        expect(failure.kind).toBe('rate_limited');
      }
      expect(upstream.requests()).toBe(1);
    });
  });
}
