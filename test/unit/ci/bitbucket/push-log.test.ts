import { describe, expect, it } from 'vitest';
import { hashOf, type Commit } from '../../../fixtures/bitbucket/data.ts';
import { NOW, serve, type Served } from '../../../fixtures/bitbucket/connect.ts';
import { failureOf } from '../../../contract/ci/upstream.ts';

const MINUTE = 60_000;

function createCommit(number: number, minutes: number, ...parents: number[]): Commit {
  return {
    type: 'commit',
    hash: hashOf(number),
    date: new Date(NOW + minutes * MINUTE).toISOString(),
    parents: parents.map((parent) => ({ type: 'commit', hash: hashOf(parent) })),
  };
}

function fill({ server: { data } }: Served, name: string, ...commits: Commit[]): void {
  const [head] = commits;
  data.commits = commits;
  if (head === undefined) return;
  data.branches.push({ type: 'branch', name, target: { type: 'commit', hash: head.hash, date: head.date } });
}

describe("a branch's history", () => {
  it('leaves out commits that a merge brought in, which never were its head', async () => {
    const served = await serve();
    fill(
      served,
      'main',
      createCommit(4, 4, 1, 3),
      createCommit(3, 3, 2),
      createCommit(2, 2, 1),
      createCommit(1, 1),
    );
    const { pushes } = await served.ports.pushLog.fetchBranchPushes('acme/shop', 'main');
    expect(pushes.map(({ commit }) => commit)).toEqual([hashOf(4), hashOf(1)]);
  });

  it('falls from commit to commit, whatever the clocks of the committers said', async () => {
    const served = await serve();
    fill(served, 'main', createCommit(3, 5, 2), createCommit(2, 9, 1), createCommit(1, 5));
    const { pushes } = await served.ports.pushLog.fetchBranchPushes('acme/shop', 'main');
    const first = NOW + 5 * MINUTE;
    expect(pushes.map(({ position }) => position)).toEqual([first, first - 1, first - 2]);
  });

  it('goes on at the next page where it has stopped, one call a page', async () => {
    const served = await serve();
    fill(served, 'main', ...Array.from({ length: 40 }, (_, i) => createCommit(40 - i, 40 - i, 39 - i)));
    const first = await served.ports.pushLog.fetchBranchPushes('acme/shop', 'main');
    expect(first.pushes).toHaveLength(30);
    served.server.data.branches = [];
    const second = await served.ports.pushLog.fetchBranchPushes('acme/shop', 'main', first.next);
    expect(second.pushes.map(({ commit }) => commit)).toEqual(
      Array.from({ length: 10 }, (_, i) => hashOf(10 - i)),
    );
    expect(served.server.requests).toHaveLength(3);
  });

  it('starts at a hash, so that a tag of the same name is not read in its place', async () => {
    const served = await serve();
    fill(served, 'a "quoted" branch', createCommit(1, 1));
    const { pushes } = await served.ports.pushLog.fetchBranchPushes('acme/shop', 'a "quoted" branch');
    expect(pushes).toHaveLength(1);
    expect(served.server.requests[1]?.url).toContain(`include=${hashOf(1)}`);
  });

  it('is a failure if the host lists other commits', async () => {
    const served = await serve();
    fill(served, 'main', createCommit(1, 1));
    const body = JSON.stringify({ values: [createCommit(2, 2)] });
    served.server.fault({ kind: 'alter', body }, { path: /\/commits/ });
    const failure = await failureOf(served.ports.pushLog.fetchBranchPushes('acme/shop', 'main'));
    expect(failure.kind).toBe('malformed');
  });

  it.each([
    [
      'a head that cannot be read',
      { name: 'main', target: { hash: '3c80cde6b371', date: '2026-01-01T00:00:00Z' } },
    ],
    [
      'another branch, so that the filter was ignored',
      { name: 'other', target: { hash: hashOf(1), date: '2026-01-01T00:00:00Z' } },
    ],
  ])('is a failure, and no missing branch, if the host answers with %s', async (_case, branch) => {
    const served = await serve();
    const body = JSON.stringify({ values: [branch] });
    served.server.fault({ kind: 'alter', body }, { path: /\/refs\/branches/ });
    const failure = await failureOf(served.ports.pushLog.fetchBranchPushes('acme/shop', 'main'));
    expect(failure.kind).toBe('malformed');
  });

  it('is empty for a branch that does not exist', async () => {
    const served = await serve();
    fill(served, 'main', createCommit(1, 1));
    expect(await served.ports.pushLog.fetchBranchPushes('acme/shop', 'gone')).toEqual({ pushes: [] });
  });
});
