/** Lists of builds by the repository's id. */
import { describe, expect, it } from 'vitest';
import { createRunIndex } from '../../../../src/runs/run-index.ts';
import {
  commitOf,
  createFakeBuild,
  pullRequestParts,
  REPOSITORY,
  REPOSITORY_ID,
  timeOf,
} from '../../../fixtures/azure-devops/data.ts';
import { NOW, serve } from '../../../fixtures/azure-devops/connect.ts';
import { failureOf } from '../../../fixtures/github/connect.ts';

const LOOK_UP = '/acme/Shop%20Floor/_apis/git/repositories/front%20end?api-version=6.0';
const MINUTE = 60_000;

describe('the list of builds', () => {
  it('is filtered by the id and the type of the repository, and ordered by queue time', async () => {
    const { server, provider } = await serve();
    await provider.fetchRuns(REPOSITORY);
    expect(server.requests.map(({ url }) => url)).toEqual([
      LOOK_UP,
      `/acme/Shop%20Floor/_apis/build/builds?repositoryId=${REPOSITORY_ID}&repositoryType=TfsGit&queryOrder=queueTimeDescending&$top=100&api-version=6.0`,
    ]);
    server.verify();
  });

  it('looks the id up once for concurrent calls, and again after a while, since names move', async () => {
    let now = NOW;
    const { server, provider } = await serve({ clock: () => now });
    const lookUps = () => server.requests.filter(({ url }) => url === LOOK_UP).length;
    await Promise.all([provider.fetchRuns(REPOSITORY), provider.fetchBranchRuns(REPOSITORY, 'main')]);
    await provider.fetchRuns(REPOSITORY);
    expect(lookUps()).toBe(1);
    now += 10 * MINUTE;
    await provider.fetchRuns(REPOSITORY);
    expect(lookUps()).toBe(2);
  });

  it('looks the id up again after a list could not be found', async () => {
    const { server, provider } = await serve();
    await provider.fetchRuns(REPOSITORY);
    server.fault({ kind: 'status', status: 404 }, { path: /build\/builds/, times: 1 });
    expect((await failureOf(provider.fetchRuns(REPOSITORY))).kind).toBe('not_found');
    await provider.fetchRuns(REPOSITORY);
    expect(server.requests.filter(({ url }) => url === LOOK_UP)).toHaveLength(2);
  });

  it('does not go on for ever if a server ignores the token', async () => {
    const { server, provider } = await serve();
    server.fault({ kind: 'alter', headers: { 'x-ms-continuationtoken': '2017-11-20T13:18:01.1275996Z' } });
    const { next } = await listRuns(provider.fetchRuns(REPOSITORY));
    expect(next).toBe('2017-11-20T13:18:01.1275996Z');
    expect((await failureOf(provider.fetchRuns(REPOSITORY, next))).message).toContain('repeats a page');
  });

  it('ends where the token is empty', async () => {
    const { server, provider } = await serve();
    server.fault({ kind: 'alter', headers: { 'x-ms-continuationtoken': '' } });
    expect(await provider.fetchRuns(REPOSITORY)).toMatchObject({ next: undefined });
  });

  it('is the same for two spellings of a name', async () => {
    const { provider } = await serve();
    expect(provider.repositoryKey('ACME/Shop Floor/Front End')).toBe(provider.repositoryKey(REPOSITORY));
  });

  it('of a branch shows no builds of a branch whose name differs in its case', async () => {
    const { provider, data } = await serve();
    data.builds.push(createFakeBuild(1), createFakeBuild(2, { sourceBranch: 'refs/heads/Main' }));
    expect(await provider.fetchBranchRuns(REPOSITORY, 'main')).toMatchObject({ runs: [{ id: '1' }] });
  });

  it('of a branch or a pull request shows no others if a server ignores the filter', async () => {
    const { server, provider } = await serve();
    const value = [
      createFakeBuild(3, { sourceBranch: 'refs/tags/feature' }),
      createFakeBuild(2),
      createFakeBuild(1, pullRequestParts('42', commitOf(99), 'False')),
    ];
    server.fault(
      {
        kind: 'status',
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ count: 3, value }),
      },
      { path: /build\/builds/ },
    );
    expect(await provider.fetchBranchRuns(REPOSITORY, 'feature')).toMatchObject({ runs: [] });
    expect(await provider.fetchPullRequestRuns?.(REPOSITORY, '43')).toMatchObject({ runs: [] });
    expect(await provider.fetchPullRequestRuns?.(REPOSITORY, '42')).toMatchObject({ runs: [{ id: '1' }] });
  });

  it('of a branch with the name of a pull request shows no builds of pull requests', async () => {
    const { provider, data } = await serve();
    const head = commitOf(99);
    data.builds.push(createFakeBuild(1, pullRequestParts('42', head, 'False')));
    expect(await provider.fetchBranchRuns(REPOSITORY, 'pull/42/merge')).toMatchObject({ runs: [] });
    expect(await provider.fetchPullRequestRuns?.(REPOSITORY, '42')).toMatchObject({
      runs: [{ id: '1', commit: head }],
    });
  });
});

describe('a build whose stages run again', () => {
  it('is not green until it has ended again, though its times are those of before', async () => {
    const { provider, data } = await serve();
    let now = NOW;
    const index = createRunIndex({
      provider,
      gitRepository: REPOSITORY,
      ciRepository: REPOSITORY,
      freshFor: () => 0,
      now: () => now,
      firstPages: 1,
    });
    const readStates = async () => {
      now += MINUTE;
      const known = await index.read({ branch: 'main' });
      return known.kind === 'known' ? known.runs.map(({ state }) => state) : known.failure.message;
    };
    const build = createFakeBuild(1);
    data.builds.push(build);
    expect(await readStates()).toEqual(['success']);
    const again = { ...build, status: 'inProgress' };
    delete again.result;
    delete again.finishTime;
    data.builds = [again];
    expect(await readStates()).toEqual(['running']);
    data.builds = [{ ...build, result: 'failed', finishTime: timeOf(90) }];
    expect(await readStates()).toEqual(['unsuccessful']);
  });

  it('is not taken for one that has ended because a server shows an outdated state', async () => {
    const { provider, data } = await serve();
    const build = createFakeBuild(1);
    data.builds.push({ ...build, result: 'failed', finishTime: timeOf(90) });
    const late = await provider.fetchRun(REPOSITORY, '1');
    data.builds = [build];
    const outdated = await provider.fetchRun(REPOSITORY, '1');
    if (late === 'gone' || outdated === 'gone') throw new Error('expected runs');
    expect(outdated.attempt).toBeLessThan(late.attempt);
  });
});

describe('a name or number that cannot be part of a path', () => {
  it.each(['acme/shop', 'acme/../front', 'a/b/c/d', 'acme/shop/fr?nt'])('%s is refused', async (name) => {
    const { server, provider } = await serve();
    expect((await failureOf(provider.fetchRuns(name))).message).toContain('ORGANIZATION/PROJECT/REPOSITORY');
    expect(server.requests).toEqual([]);
  });

  it('such as an id of another CI system is refused', async () => {
    const { provider } = await serve();
    expect((await failureOf(provider.fetchRun(REPOSITORY, '../1'))).kind).toBe('not_found');
  });
});

describe('the probe', () => {
  it('says what the connection sees', async () => {
    const { provider, data } = await serve();
    expect(await provider.probe(REPOSITORY)).toBe(`sees no builds of ${REPOSITORY} yet`);
    data.builds.push(createFakeBuild(1));
    expect(await provider.probe(REPOSITORY)).toBe(`sees the builds of ${REPOSITORY}`);
  });
});

describe('the pipelines', () => {
  it('are listed by name and id, with the reason why they do not run', async () => {
    const { server, inspector, data } = await serve();
    data.definitions = [
      { id: 12, name: 'shop-ci', path: '\\', queueStatus: 'enabled' },
      { id: 13, name: 'shop-nightly', path: '\\team', queueStatus: 'paused' },
      { id: 14, name: '12', path: '\\', queueStatus: 'disabled' },
    ];
    expect(await inspector.fetchWorkflows(REPOSITORY)).toEqual([
      { path: 'shop-ci', id: '12', disabled: null },
      { path: 'shop-nightly', id: '13', disabled: 'paused' },
      { path: '\\12', id: '14', disabled: 'disabled' },
    ]);
    server.verify();
  });

  it('are not compared with if there are too many', async () => {
    const { inspector, data } = await serve();
    data.definitions = Array.from({ length: 101 }, (_, i) => ({
      id: i + 1,
      name: `ci-${i}`,
      path: '\\',
      queueStatus: 'enabled' as const,
    }));
    expect(await inspector.fetchWorkflows(REPOSITORY)).toBeUndefined();
  });
});

async function listRuns<Page>(call: Promise<Page | 'unchanged'>): Promise<Page> {
  const page = await call;
  if (page === 'unchanged') throw new Error('unchanged, although no validator was given');
  return page;
}
