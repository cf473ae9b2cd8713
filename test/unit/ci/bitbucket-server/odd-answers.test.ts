/** Answers of old servers and odd ones, and cursors and numbers that came from elsewhere. */
import { describe, expect, it } from 'vitest';
import { parsePullRequest, parsePullRequests } from '../../../../src/ci/bitbucket-server/pull-request.ts';
import { readQuota } from '../../../../src/ci/bitbucket-server/quota.ts';
import { failureOf } from '../../../contract/ci/upstream.ts';
import { NOW, serve } from '../../../fixtures/bitbucket-server/connect.ts';
import {
  createServerPullRequest,
  pushToServer,
} from '../../../fixtures/bitbucket-server/fake-bitbucket-server.ts';

const SOURCE = { host: 'bitbucket.test', api: 'Bitbucket' };
const hashOf = (number: number) => number.toString(16).padStart(40, '0');

describe('a pull request', () => {
  it('that is odd has no head and no time, but its origin is known', () => {
    const { fromRef, toRef } = createServerPullRequest(3, 'own');
    const { repository } = fromRef;
    expect(parsePullRequest({ fromRef: { repository }, toRef }, SOURCE, (time) => time)).toEqual({
      kind: 'known',
      openedAfter: null,
      headRepositoryId: '1',
      headBranch: null,
      headCommit: null,
      origin: 'own',
    });
  });

  it('is foreign if its fork was deleted', () => {
    const { fromRef, toRef } = createServerPullRequest(3, 'own');
    const { repository: _, ...rest } = fromRef;
    expect(parsePullRequest({ fromRef: rest, toRef }, SOURCE, (time) => time)).toMatchObject({
      headRepositoryId: null,
      origin: 'foreign',
    });
  });

  it('of a server before 8.18 is no draft', () => {
    const parsed = parsePullRequests([createServerPullRequest(3, 'own')], (time) => time);
    expect(parsed.pullRequests).toMatchObject([{ number: '3', isDraft: false, labels: [] }]);
  });

  it.each(['7x', 'x7', '', '../7'])('%j is no number, and is not requested', async (number) => {
    const { server, ports } = await serve();
    const failure = await failureOf(ports.gitHost.fetchPullRequest('SHOP/front', number));
    expect(failure).toMatchObject({ kind: 'not_found', message: expect.stringContaining('expected digits') });
    expect(server.requests).toEqual([]);
  });
});

describe('a cursor of another provider', () => {
  it.each(['2x', 'x2', '1234567890', `${hashOf(1)}@1`])('is refused: %s', async (cursor) => {
    const { ports } = await serve();
    await expect(ports.pushLog.fetchPushes('SHOP/front', cursor)).rejects.toThrow(
      'expected a cursor that this provider returned',
    );
  });
});

describe("a branch's history", () => {
  it('has the time of the author where the server gives no other', async () => {
    const { server, ports } = await serve();
    pushToServer(server, 'main', hashOf(1), NOW);
    server.data.commits = server.data.commits.map(({ committerTimestamp: _, ...rest }) => rest);
    expect(await ports.pushLog.fetchBranchPushes('SHOP/front', 'main')).toMatchObject({
      pushes: [{ branch: 'main', commit: hashOf(1), position: NOW - 1000, tie: '' }],
      clock: NOW,
    });
  });

  it('that does not begin where the last page ended is malformed', async () => {
    const { server, ports } = await serve();
    pushToServer(server, 'main', hashOf(1), NOW);
    const values = [{ id: hashOf(2), parents: [], authorTimestamp: NOW }];
    server.fault({ kind: 'alter', body: JSON.stringify({ values, isLastPage: true }) });
    const cursor = `${hashOf(1)}@${NOW}`;
    const failure = await failureOf(ports.pushLog.fetchBranchPushes('SHOP/front', 'main', cursor));
    expect(failure).toMatchObject({ kind: 'malformed' });
  });
});

describe('the quota', () => {
  const full = {
    'x-ratelimit-limit': '60',
    'x-ratelimit-remaining': '50',
    'x-ratelimit-interval-seconds': '2',
    'x-ratelimit-fillrate': '5',
  };
  const read = (headers: Record<string, string>) => readQuota({ status: 200, headers, data: null }, NOW);

  it('is renewed once the bucket has been filled', () => {
    expect(read(full)).toEqual({ remaining: 50, limit: 60, resetsAt: NOW + 4000 });
    expect(read({ ...full, 'x-ratelimit-remaining': '0' })).toMatchObject({ remaining: 0 });
  });

  it.each(['x-ratelimit-interval-seconds', 'x-ratelimit-fillrate'])(
    'is renewed at an unknown time without %s',
    (name) => {
      const headers = Object.fromEntries(Object.entries(full).filter(([key]) => key !== name));
      expect(read(headers)).toEqual({ remaining: 50, limit: 60, resetsAt: Infinity });
    },
  );

  it.each([{}, { ...full, 'x-ratelimit-limit': '0' }, { ...full, 'x-ratelimit-remaining': '-1' }])(
    'is unlimited where headers make no sense: %o',
    (headers) => {
      expect(read(headers)).toBeUndefined();
    },
  );
});
