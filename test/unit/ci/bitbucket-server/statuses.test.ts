import { describe, expect, it } from 'vitest';
import {
  createServerBuild,
  type ServerBuild,
} from '../../../fixtures/bitbucket-server/fake-bitbucket-server.ts';
import { serve } from '../../../fixtures/bitbucket-server/connect.ts';
import { failureOf } from '../../../contract/ci/upstream.ts';

const COMMIT = 'a'.repeat(40);
const FORK = 2;

async function read(...builds: ServerBuild[]) {
  const { server, ports } = await serve();
  server.data.builds = builds;
  const page = await ports.statuses.fetchStatuses('SHOP/front', COMMIT);
  const statuses = page === 'unchanged' ? [] : page.statuses;
  return {
    calls: server.requests.length,
    statuses: statuses.map((each) => [each.context, each.state, each.outcome]),
  };
}

describe('the build statuses of a commit', () => {
  it.each([
    ['SUCCESSFUL', 'success'],
    ['INPROGRESS', 'pending'],
    ['FAILED', 'unsuccessful'],
    ['CANCELLED', 'unsuccessful'],
    ['UNKNOWN', 'unsuccessful'],
  ] as const)('%s is %s', async (word, state) => {
    expect((await read(createServerBuild(COMMIT, 'build', word))).statuses).toEqual([['build', state, word]]);
  });

  it("are not a fork's, which shares the commit", async () => {
    expect((await read(createServerBuild(COMMIT, 'build', 'SUCCESSFUL', FORK))).statuses).toEqual([
      ['build', 'unsuccessful', 'not set for this repository'],
    ]);
  });

  it("are the repository's own where a fork has set the same key", async () => {
    const { statuses } = await read(
      createServerBuild(COMMIT, 'build', 'SUCCESSFUL', FORK),
      createServerBuild(COMMIT, 'build', 'INPROGRESS'),
    );
    expect(statuses).toEqual([['build', 'pending', 'INPROGRESS']]);
  });

  it("are not turned red by a fork's failure", async () => {
    const { statuses } = await read(
      createServerBuild(COMMIT, 'build', 'FAILED', FORK),
      createServerBuild(COMMIT, 'build', 'SUCCESSFUL'),
    );
    expect(statuses).toEqual([['build', 'success', 'SUCCESSFUL']]);
  });

  it('are never green where no repository was named when they were set', async () => {
    const { statuses } = await read(createServerBuild(COMMIT, 'build', 'SUCCESSFUL', null));
    expect(statuses).toMatchObject([['build', 'unsuccessful', expect.any(String)]]);
  });

  it('cost one call, and one for each key with a success', async () => {
    expect(await read()).toEqual({ calls: 1, statuses: [] });
    const { calls } = await read(
      createServerBuild(COMMIT, 'a', 'SUCCESSFUL'),
      createServerBuild(COMMIT, 'b', 'SUCCESSFUL'),
      createServerBuild(COMMIT, 'c', 'FAILED'),
      createServerBuild(COMMIT, 'd', 'INPROGRESS'),
    );
    expect(calls).toBe(3);
  });

  it('keep a key as it is, whatever its characters', async () => {
    const key = 'acme » shop/main & co?';
    const { statuses } = await read(createServerBuild(COMMIT, key, 'SUCCESSFUL'));
    expect(statuses).toEqual([[key, 'success', 'SUCCESSFUL']]);
  });

  it('say that the server is too old if it cannot answer by key', async () => {
    const { server, ports } = await serve();
    server.data.builds = [createServerBuild(COMMIT, 'build', 'SUCCESSFUL')];
    const body = JSON.stringify({ message: 'null for uri', 'status-code': 404 });
    const headers = { 'content-type': 'application/json' };
    server.fault({ kind: 'status', status: 404, headers, body }, { path: /\/builds/ });
    const failure = await failureOf(ports.statuses.fetchStatuses('SHOP/front', COMMIT));
    expect(failure).toMatchObject({ kind: 'malformed', message: expect.stringContaining('7.14 or newer') });
  });
});
