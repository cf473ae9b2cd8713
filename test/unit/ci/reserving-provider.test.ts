/** Which calls leave the last ones of a quota to the listings, and which report a refusal. */
import { describe, expect, it } from 'vitest';
import {
  createReservingGitHost,
  createReservingProvider,
  createReservingStatuses,
} from '../../../src/ci/reserving-provider.ts';
import type { GitHost } from '../../../src/ci/git-host.ts';
import type { CiProvider } from '../../../src/ci/provider.ts';
import { UpstreamError } from '../../../src/errors.ts';

function createFixture() {
  const fixture = {
    isLow: false,
    refused: [] as number[],
    calls: 0,
    underWay: 0,
    retryAfterMs: undefined as number | undefined,
  };
  const quota = {
    isLow: () => fixture.isLow,
    began: () => {
      fixture.underWay += 1;
      return () => void (fixture.underWay -= 1);
    },
    refused: (forMs: number) => void fixture.refused.push(forMs),
  };
  const refuse = () => {
    fixture.calls += 1;
    const { retryAfterMs } = fixture;
    return Promise.reject(
      new UpstreamError({ kind: 'rate_limited', host: 'ci.test', message: 'x', retryAfterMs }),
    );
  };
  const all = {
    host: 'ci.test',
    fetchRuns: refuse,
    fetchBranchRuns: refuse,
    fetchPullRequestRuns: refuse,
    fetchChanges: refuse,
    fetchRun: refuse,
    fetchPullRequest: refuse,
    fetchOpenPullRequests: refuse,
    fetchStatuses: refuse,
  };
  const provider = createReservingProvider(all as unknown as CiProvider, quota);
  const gitHost = createReservingGitHost(all as unknown as GitHost, quota);
  const statuses = createReservingStatuses(all, quota);
  const call = {
    fetchRuns: () => provider.fetchRuns('acme/shop'),
    fetchChanges: () => provider.fetchChanges?.('acme/shop', '1'),
    fetchOpenPullRequests: () => gitHost.fetchOpenPullRequests('acme/shop'),
    fetchBranchRuns: () => provider.fetchBranchRuns('acme/shop', 'main'),
    fetchPullRequestRuns: () => provider.fetchPullRequestRuns?.('acme/shop', '7'),
    fetchRun: () => provider.fetchRun('acme/shop', '1'),
    fetchPullRequest: () => gitHost.fetchPullRequest('acme/shop', '7'),
    fetchStatuses: () => statuses.fetchStatuses('acme/shop', 'a'.repeat(40)),
  };
  return { fixture, call, quota };
}

const LISTINGS = ['fetchRuns', 'fetchChanges', 'fetchOpenPullRequests'] as const;
const LOOK_UPS = [
  'fetchBranchRuns',
  'fetchPullRequestRuns',
  'fetchRun',
  'fetchPullRequest',
  'fetchStatuses',
] as const;

describe.each([...LISTINGS, ...LOOK_UPS])('%s', (name) => {
  it('reports a refusal, for as long as upstream says or a minute', async () => {
    const { fixture, call } = createFixture();
    await expect(call[name]()).rejects.toThrow('x');
    fixture.retryAfterMs = 7000;
    await expect(call[name]()).rejects.toThrow('x');
    expect(fixture).toMatchObject({ refused: [60_000, 7000], calls: 2, underWay: 0 });
  });
});

it.each(LISTINGS)('%s uses the last calls', async (name) => {
  const { fixture, call } = createFixture();
  fixture.isLow = true;
  await expect(call[name]()).rejects.toThrow('x');
  expect(fixture.calls).toBe(1);
});

it.each(LOOK_UPS)('%s leaves the last calls', async (name) => {
  const { fixture, call } = createFixture();
  fixture.isLow = true;
  await expect(call[name]()).rejects.toMatchObject({ failure: { kind: 'rate_limited' } });
  expect(fixture).toMatchObject({ calls: 0, refused: [], underWay: 0 });
});

it('what a provider cannot do, it cannot do with a quota either', () => {
  const { quota } = createFixture();
  const { fetchChanges, fetchPullRequestRuns } = createReservingProvider(
    { host: 'ci.test' } as CiProvider,
    quota,
  );
  expect([fetchChanges, fetchPullRequestRuns]).toEqual([undefined, undefined]);
});
