import { describe, expect, it } from 'vitest';
import { pushToServer } from '../../../fixtures/bitbucket-server/fake-bitbucket-server.ts';
import { NOW, serve } from '../../../fixtures/bitbucket-server/connect.ts';

const hashOf = (number: number) => number.toString(16).padStart(40, '0');

describe('the list of branches', () => {
  it("has the times of the branches' newest commits in one call", async () => {
    const { server, ports } = await serve();
    pushToServer(server, 'main', hashOf(1), NOW + 1000);
    pushToServer(server, 'feature/a b', hashOf(2), NOW + 2000);
    expect(await ports.pushLog.fetchPushes('SHOP/front')).toEqual({
      pushes: [
        { branch: 'feature/a b', commit: hashOf(2), position: NOW + 2000, tie: '' },
        { branch: 'main', commit: hashOf(1), position: NOW + 1000, tie: '' },
      ],
      next: undefined,
      clock: NOW,
    });
    expect(server.requests).toHaveLength(1);
  });

  it('uses the time of the author where the server gives no other', async () => {
    const { server, ports } = await serve();
    pushToServer(server, 'main', hashOf(1), NOW);
    server.data.commits = server.data.commits.map((commit) => {
      const { committerTimestamp: omitted, ...rest } = commit;
      expect(omitted).toBe(NOW);
      return rest;
    });
    expect(await ports.pushLog.fetchPushes('SHOP/front')).toMatchObject({
      pushes: [{ position: NOW - 1000 }],
    });
  });

  it('leaves branches without details to be looked up by themselves', async () => {
    const { server, ports } = await serve();
    pushToServer(server, 'main', hashOf(1), NOW);
    server.habits.metadata = false;
    expect(await ports.pushLog.fetchPushes('SHOP/front')).toMatchObject({ pushes: [] });
    expect(await ports.pushLog.fetchBranchPushes('SHOP/front', 'main')).toMatchObject({ pushes: [{}] });
  });
});

describe("a branch's history", () => {
  it('is requested by the full ref, since a tag may have the name of the branch', async () => {
    const { server, ports } = await serve();
    pushToServer(server, 'main', hashOf(1), NOW);
    pushToServer(server, 'other', hashOf(2), NOW);
    server.data.refs.set('refs/tags/main', hashOf(2));
    const { pushes } = await ports.pushLog.fetchBranchPushes('SHOP/front', 'main');
    expect(pushes.map(({ commit }) => commit)).toEqual([hashOf(1)]);
    expect(server.requests[0]?.url).toContain('until=refs%2Fheads%2Fmain');
  });

  it('goes on at the next commit', async () => {
    const { server, ports } = await serve();
    for (let number = 1; number <= 30; number++) pushToServer(server, 'main', hashOf(number), NOW + number);
    const first = await ports.pushLog.fetchBranchPushes('SHOP/front', 'main');
    expect([first.pushes.length, first.next]).toEqual([25, `${hashOf(5)}@${NOW + 6}`]);
    const second = await ports.pushLog.fetchBranchPushes('SHOP/front', 'main', first.next);
    expect([second.pushes.length, second.next]).toEqual([5, undefined]);
  });
});
