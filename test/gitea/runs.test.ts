/** Runs of a real Gitea, through the provider. */
import { describe, expect, inject, it } from 'vitest';
import type { Cursor, CiProvider } from '../../src/ci/provider.ts';
import type { Run } from '../../src/resolve/types.ts';
import { connectGitea } from '../fixtures/gitea/connect.ts';
import { Forge, type ListedRun, type Shop } from '../fixtures/gitea/forge.ts';
import { MAX_ITEMS } from '../fixtures/gitea/real-gitea.ts';

const gitea = inject('gitea');
const forge = gitea && new Forge(gitea);

async function createShop(): Promise<{ forge: Forge; shop: Shop; provider: CiProvider }> {
  if (forge === undefined) throw new Error('Gitea is not built');
  const shop = await forge.createShop();
  return { forge, shop, provider: connectGitea(forge.url, shop.owner.token).provider };
}

async function listAll(provider: CiProvider, repository: string): Promise<Run[][]> {
  const pages: Run[][] = [];
  for (let cursor: Cursor | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await provider.fetchRuns(repository, cursor);
    if (page === 'unchanged') throw new Error('unchanged, although no validator was given');
    expect(page.unread).toEqual([]);
    pages.push([...page.runs]);
    cursor = page.next;
  }
  return pages;
}

async function fetchRun(provider: CiProvider, { repository }: Shop, { id }: ListedRun): Promise<Run> {
  const run = await provider.fetchRun(repository, String(id));
  if (run === 'gone') throw new Error('expected a run');
  return run;
}

const isOfPullRequest = ({ path }: ListedRun) => path.includes('@refs/pull/');

describe.skipIf(gitea === undefined)('a run of a push', () => {
  it('goes from queued to in_progress to success', async () => {
    const { shop, provider } = await createShop();
    const commit = await shop.commit('feature/x');
    const listed = await shop.findRun(commit);
    const head = { branch: 'feature/x', commit, builtCommit: commit, refKind: 'branch', origin: 'own' };
    const queued = await fetchRun(provider, shop, listed);
    expect(queued).toMatchObject({
      ...head,
      event: 'push',
      workflow: 'build.yml',
      state: 'running',
      outcome: 'queued',
    });
    await shop.begin(listed);
    const begun = await fetchRun(provider, shop, listed);
    expect(begun).toMatchObject({ ...head, state: 'running', outcome: 'in_progress' });
    await shop.finish(listed);
    const done = await fetchRun(provider, shop, listed);
    expect(done).toMatchObject({ ...head, state: 'success', outcome: 'success', position: queued.position });
    expect(done.url).toBe(`${shop.url}/${shop.repository}/actions/runs/${listed.id}`);
    expect(done.updatedAt).toBeGreaterThan(Date.now() - 600_000);
  });

  it.each(['failure', 'cancelled'] as const)('is unsuccessful after %s', async (result) => {
    const { shop, provider } = await createShop();
    const { run } = await shop.build('main', result);
    expect(await fetchRun(provider, shop, run)).toMatchObject({ state: 'unsuccessful', outcome: result });
  });
});

describe.skipIf(gitea === undefined)('a re-run', () => {
  it('keeps the id and the position, and has a later attempt in each of its states', async () => {
    const { shop, provider } = await createShop();
    const { run } = await shop.build('main', 'failure');
    const first = await fetchRun(provider, shop, run);
    await shop.call('POST', `/actions/runs/${run.id}/rerun`);
    expect(await fetchRun(provider, shop, run)).toMatchObject({ state: 'running', outcome: 'queued' });
    await shop.finish(run);
    const second = await fetchRun(provider, shop, run);
    expect(second).toMatchObject({ id: first.id, position: first.position, state: 'success' });
    expect(second.attempt).toBeGreaterThanOrEqual(first.attempt);
    expect(second.updatedAt).toBeGreaterThanOrEqual(first.updatedAt);
  });
});

describe.skipIf(gitea === undefined)('a run of a pull request', () => {
  it('names the number and no branch, and comes from nobody knows where', async () => {
    const { shop, provider } = await createShop();
    const commit = await shop.commit('feature');
    const number = await shop.openPullRequest('feature');
    const listed = await shop.findRun(commit, isOfPullRequest);
    await shop.finish(listed);
    const run = await fetchRun(provider, shop, listed);
    expect(run).toMatchObject({ branch: null, pullRequest: number, refKind: 'pull_request' });
    expect(run).toMatchObject({ commit, event: 'pull_request', origin: 'unknown', state: 'success' });
  });

  it('is found by its number, after further pushes too', async () => {
    const { shop, provider } = await createShop();
    const before = await shop.commit('feature');
    const number = await shop.openPullRequest('feature');
    const first = await shop.findRun(before, isOfPullRequest);
    const commit = await shop.commit('feature');
    const second = await shop.findRun(commit, isOfPullRequest);
    const ids: string[] = [];
    for (let cursor: Cursor | undefined, more = true; more; more = cursor !== undefined) {
      const page = await provider.fetchPullRequestRuns?.(shop.repository, number, cursor);
      ids.push(...(page?.runs ?? []).map(({ id }) => id));
      expect(page?.runs.every(({ event }) => event === 'pull_request')).toBe(true);
      cursor = page?.next;
    }
    expect(ids).toEqual([String(second.id), String(first.id)]);
  });
});

describe.skipIf(gitea === undefined)('a run of a tag', () => {
  it("is not the branch's of the same name", async () => {
    const { shop, provider } = await createShop();
    const { commit, run } = await shop.build('feature');
    await shop.call('POST', '/tags', { tag_name: 'feature', target: commit });
    const ofTag = await shop.findRun(commit, ({ path }) => path.includes('@refs/tags/'));
    await shop.finish(ofTag);
    expect(await fetchRun(provider, shop, ofTag)).toMatchObject({ branch: 'feature', refKind: 'tag' });
    const page = await provider.fetchBranchRuns(shop.repository, 'feature');
    expect(page.runs.map(({ id }) => id)).toEqual([String(run.id)]);
  });
});

describe.skipIf(gitea === undefined)('the list of runs', () => {
  it(`is complete in pages of ${MAX_ITEMS}, though larger ones are requested`, async () => {
    const { shop, provider } = await createShop();
    for (let count = 0; count < 7; count++) await shop.findRun(await shop.commit(`b${count}`));
    const pages = await listAll(provider, shop.repository);
    expect(pages.map(({ length }) => length)).toEqual([MAX_ITEMS, 3]);
    const ids = pages.flat().map(({ position }) => position);
    expect(ids).toEqual(ids.toSorted((a, b) => b - a));
  });

  it('keeps the runs of a deleted branch, and loses deleted runs', async () => {
    const { shop, provider } = await createShop();
    const { run } = await shop.build('feature');
    await shop.call('DELETE', '/branches/feature');
    expect(await fetchRun(provider, shop, run)).toMatchObject({ branch: 'feature', state: 'success' });
    await shop.call('DELETE', `/actions/runs/${run.id}`);
    expect(await provider.fetchRun(shop.repository, String(run.id))).toBe('gone');
  });

  it('is found under the old name of a renamed repository', async () => {
    const { shop, provider } = await createShop();
    const { run } = await shop.build('main');
    await shop.call('PATCH', '', { name: 'store' });
    const [[newest] = []] = await listAll(provider, shop.repository);
    expect(newest?.id).toBe(String(run.id));
  });

  it('tells branches with odd names apart', async () => {
    const { shop, provider } = await createShop();
    const names = ['a@b.yml@refs/x', 'docs/a', 'docs'];
    for (const name of names.slice(0, 2)) await shop.findRun(await shop.commit(name));
    const [page] = await listAll(provider, shop.repository);
    expect(page?.map(({ branch }) => branch)).toEqual(['docs/a', 'a@b.yml@refs/x', 'main']);
    const one = await provider.fetchBranchRuns(shop.repository, 'a@b.yml@refs/x');
    expect(one.runs.map(({ branch }) => branch)).toEqual(['a@b.yml@refs/x']);
  });
});
