import { beforeEach, describe, expect, test } from 'vitest';
import { createRetryingGitHost, createRetryingProvider } from '../../../src/ci/retrying-provider.ts';
import { UpstreamError, type UpstreamFailure } from '../../../src/errors.ts';
import { OUTAGE } from '../../fixtures/fake-ports.ts';
import { createFakeGitHost } from '../../fixtures/fake-git-host.ts';
import { createPullRequestHead } from '../../fixtures/builders.ts';
import type { CiProvider } from '../../../src/ci/provider.ts';

let failures: UpstreamFailure[];
let calls: string[];
let pauses: number[];
let provider: CiProvider;

beforeEach(() => {
  failures = [];
  calls = [];
  pauses = [];
  const call =
    <Result>(name: string, result: Result) =>
    async (): Promise<Result> => {
      calls.push(name);
      const failure = failures.shift();
      if (failure !== undefined) throw new UpstreamError(failure);
      return result;
    };
  provider = createRetryingProvider(
    {
      host: 'ci.test',
      paging: 'numbered',
      repositoryKey: (gitRepository) => gitRepository,
      fetchRuns: call('runs', 'unchanged' as const),
      fetchBranchRuns: call('branch', { runs: [], total: 0 }),
      fetchRun: call('run', 'gone' as const),
      probe: call('probe', 'fine'),
    },
    { delay: async (ms) => void pauses.push(ms), random: () => 0.5 },
  );
});

describe('a blip (a broken connection, a 5xx)', () => {
  test.each(['unreachable', 'unavailable'] as const)(
    '%s: the call is made once more, after a pause',
    async (kind) => {
      failures = [{ ...OUTAGE, kind }];
      expect(await provider.fetchRuns('acme/shop')).toBe('unchanged');
      expect(calls).toEqual(['runs', 'runs']);
      expect(pauses).toEqual([300]);
    },
  );

  test('that comes again is a failure', async () => {
    failures = [OUTAGE, OUTAGE, OUTAGE];
    await expect(provider.fetchBranchRuns('acme/shop', 'feature')).rejects.toThrow(OUTAGE.message);
    expect(calls).toHaveLength(2);
  });

  test('with a time to come back is not tried before it', async () => {
    failures = [{ ...OUTAGE, retryAfterMs: 30_000 }];
    await expect(provider.fetchRun('acme/shop', '1')).rejects.toThrow(OUTAGE.message);
    expect(calls).toHaveLength(1);
  });
});

test.each(['timeout', 'denied', 'not_found', 'rate_limited', 'malformed'] as const)(
  '%s is not tried again',
  async (kind) => {
    failures = [{ ...OUTAGE, kind }];
    await expect(provider.fetchRun('acme/shop', '1')).rejects.toThrow(OUTAGE.message);
    expect(calls).toHaveLength(1);
  },
);

test('a Git host is called once more, too', async () => {
  const answers = [OUTAGE, undefined];
  const gitHost = createRetryingGitHost(
    createFakeGitHost(async () => {
      const failure = answers.shift();
      if (failure !== undefined) throw new UpstreamError(failure);
      return createPullRequestHead();
    }),
    { delay: async () => undefined, random: () => 0 },
  );
  expect(await gitHost.fetchPullRequest('acme/shop', '1')).toEqual(createPullRequestHead());
  expect(answers).toEqual([]);
});

test('a probe shows the blip', async () => {
  failures = [OUTAGE];
  await expect(provider.probe('acme/shop')).rejects.toThrow(OUTAGE.message);
});
