/** Commit statuses and pushes of a real Gitea. */
import { describe, expect, inject, it, vi } from 'vitest';
import type { CommitStatus } from '../../src/ci/commit-statuses.ts';
import type { Push } from '../../src/ci/push-log.ts';
import { connectGitea } from '../fixtures/gitea/connect.ts';
import { Forge, PATIENCE, type Shop } from '../fixtures/gitea/forge.ts';

/** Lists of branches show the author's time, and are sorted by the committer's. */
const OLD = '2020-01-01T00:00:00Z';

const gitea = inject('gitea');
const forge = new Forge(gitea ?? { url: '', token: '' });

async function fetchStatuses({ repository, owner }: Shop, commit: string): Promise<readonly CommitStatus[]> {
  const page = await connectGitea(forge.url, owner.token).statuses.fetchStatuses(repository, commit);
  return page === 'unchanged' ? [] : page.statuses;
}

async function fetchPushes({ repository, owner }: Shop): Promise<readonly Push[]> {
  const page = await connectGitea(forge.url, owner.token).pushLog.fetchPushes(repository);
  return page === 'unchanged' ? [] : page.pushes;
}

describe.skipIf(gitea === undefined)('the statuses of a commit', () => {
  it('are the latest of each context, also within one second, over several pages', async () => {
    const shop = await forge.createShop();
    const commit = await shop.commit('feature');
    const post = (context: string, state: string) =>
      shop.call('POST', `/statuses/${commit}`, { context, state, target_url: 'https://ci.example.com/1' });
    for (const state of ['pending', 'failure', 'success']) await post('ci/build', state);
    for (const context of ['a', 'b', 'c', 'd']) await post(context, 'success');
    await post('lint', 'warning');
    // Actions posts its own in the background.
    await vi.waitFor(async () => expect(await fetchStatuses(shop, commit)).toHaveLength(7), PATIENCE);
    const statuses = await fetchStatuses(shop, commit);
    const states = new Map(statuses.map(({ context, state, outcome }) => [context, `${state} ${outcome}`]));
    expect(states.get('ci/build')).toBe('success success');
    expect(states.get('lint')).toBe('unsuccessful warning');
    expect(states.get('Build / build (push)')).toBe('pending pending');
    expect(states.size).toBe(7);
  });

  it("include those of Actions, with links, and a tag's run replaces a branch's", async () => {
    const shop = await forge.createShop();
    const { commit, run } = await shop.build('feature');
    const context = 'Build / build (push)';
    await vi.waitFor(async () => {
      expect(await fetchStatuses(shop, commit)).toMatchObject([{ context, state: 'success' }]);
    }, PATIENCE);
    const [status] = await fetchStatuses(shop, commit);
    expect(status?.url).toMatch(
      new RegExp(`^${forge.url}/${shop.repository}/actions/runs/${run.id}/jobs/\\d+$`),
    );
    await shop.call('POST', '/tags', { tag_name: 'v1', target: commit });
    await vi.waitFor(async () => {
      expect(await fetchStatuses(shop, commit)).toMatchObject([{ context, state: 'pending' }]);
    }, PATIENCE);
  });

  it('are none for a commit that nobody has judged, or that does not exist', async () => {
    const shop = await forge.createShop();
    const [{ sha }] = (await shop.call<[{ sha: string }]>('GET', '/commits?limit=5')).slice(-1) as [
      { sha: string },
    ];
    expect(await fetchStatuses(shop, sha)).toEqual([]);
    expect(await fetchStatuses(shop, 'f'.repeat(40))).toEqual([]);
  });
});

describe.skipIf(gitea === undefined)('the push log', () => {
  it('has the heads of branches, not of tags and deleted branches', async () => {
    const shop = await forge.createShop();
    const first = await shop.commit('feature');
    const second = await shop.commit('feature');
    await shop.call('POST', '/tags', { tag_name: 'main', target: first });
    const number = await shop.openPullRequest('feature');
    const headOf = async (name: string) =>
      (await fetchPushes(shop)).find(({ branch }) => branch === name)?.commit;
    expect(await headOf('feature')).toBe(second);
    await vi.waitFor(
      () => shop.call('POST', `/pulls/${number}/merge`, { Do: 'merge', delete_branch_after_merge: true }),
      PATIENCE,
    );
    const merged = await shop.call<{ commit: { id: string } }>('GET', '/branches/main');
    await vi.waitFor(async () => {
      expect(await headOf('main')).toBe(merged.commit.id);
      expect(await headOf('feature')).toBeUndefined();
    }, PATIENCE);
  });

  it('has pushes of people who keep their activity private, and the newest head comes first', async () => {
    const shop = await forge.createShop();
    const bob = await forge.createAccount();
    await bob.call('PATCH', '/user/settings', { hide_activity: true });
    await shop.call('PUT', `/collaborators/${bob.name}`, { permission: 'write' });
    const before = await shop.commit('feature');
    const later = new Date(Date.now() + 5000).toISOString();
    const file = { content: 'eA==', message: 'x', branch: 'main', dates: { author: OLD, committer: later } };
    const path = `/repos/${shop.repository}/contents/by-bob`;
    const { commit } = await bob.call<{ commit: { sha: string } }>('POST', path, file);
    const pushes = await fetchPushes(shop);
    expect(pushes.slice(0, 2).map((push) => [push.branch, push.commit])).toEqual([
      ['main', commit.sha],
      ['feature', before],
    ]);
    // The log of activities does not show it.
    await shop.findRun(commit.sha);
    type Activity = { readonly op_type: string; readonly content: string };
    const log = await shop.call<Activity[]>('GET', '/activities/feeds');
    expect(log.filter(({ content }) => content.includes(commit.sha))).toEqual([]);
  });

  it("follows a branch's own commits, not those of merged branches or of a tag of its name", async () => {
    const shop = await forge.createShop();
    const { pushLog } = connectGitea(forge.url, shop.owner.token);
    const other = await shop.commit('feature');
    const before = await shop.commit('main');
    await shop.call('POST', '/tags', { tag_name: 'main', target: other });
    const number = await shop.openPullRequest('feature');
    await vi.waitFor(() => shop.call('POST', `/pulls/${number}/merge`, { Do: 'merge' }), PATIENCE);
    const merged = await shop.call<{ commit: { id: string } }>('GET', '/branches/main');
    const { pushes } = await pushLog.fetchBranchPushes(shop.repository, 'main');
    const commits = pushes.map(({ commit }) => commit);
    expect(commits.slice(0, 2)).toEqual([merged.commit.id, before]);
    expect(commits).not.toContain(other);
    const positions = pushes.map(({ position }) => position);
    expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => b - a));
    expect(await pushLog.fetchBranchPushes(shop.repository, 'mai')).toEqual({ pushes: [] });
  });
});
