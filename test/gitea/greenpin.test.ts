/** The whole plugin with a real Gitea: what a branch or pull request may run. */
import { describe, expect, inject, it } from 'vitest';
import { Forge, type ListedRun } from '../fixtures/gitea/forge.ts';
import { startPlugin } from '../fixtures/gitea/plugin.ts';

const gitea = inject('gitea');
const forge = new Forge(gitea ?? { url: '', token: '' });
const isOfPullRequest = ({ path }: ListedRun) => path.includes('@refs/pull/');

describe.skipIf(gitea === undefined)('a branch', () => {
  it('keeps its newest green build until a newer one is green', async () => {
    const shop = await forge.createShop();
    await using plugin = await startPlugin(shop);
    const first = plugin.push((await shop.build('feature')).commit);
    expect((await plugin.ask({ branch: 'feature' })).answer).toEqual(first);
    const red = await shop.build('feature', 'failure');
    const second = plugin.push(red.commit);
    expect((await plugin.ask({ branch: 'feature' })).answer).toEqual(first);
    await shop.call('POST', `/actions/runs/${red.run.id}/rerun`);
    expect((await plugin.ask({ branch: 'feature' })).answer).toEqual(first);
    await shop.finish(red.run);
    expect((await plugin.ask({ branch: 'feature' })).answer).toEqual(second);
  });

  it('is not moved by a tag of its name', async () => {
    const shop = await forge.createShop();
    await using plugin = await startPlugin(shop);
    const older = await shop.build('main');
    plugin.push(older.commit);
    const built = plugin.push((await shop.build('feature')).commit);
    await shop.call('POST', '/tags', { tag_name: 'feature', target: older.commit });
    await shop.finish(await shop.findRun(older.commit, ({ path }) => path.includes('@refs/tags/')));
    expect((await plugin.ask({ branch: 'feature' })).answer).toEqual(built);
  });

  it('is answered after its repository was renamed, and after it was deleted', async () => {
    const shop = await forge.createShop();
    await using plugin = await startPlugin(shop);
    const built = plugin.push((await shop.build('feature')).commit);
    await shop.call('DELETE', '/branches/feature');
    await shop.call('PATCH', '', { name: 'store' });
    expect((await plugin.ask({ branch: 'feature' })).answer).toEqual(built);
  });

  it('is found behind many pages of other branches', async () => {
    const shop = await forge.createShop();
    await using plugin = await startPlugin(shop);
    const built = plugin.push((await shop.build('old')).commit);
    for (let count = 0; count < 6; count++) await shop.findRun(await shop.commit('busy'));
    expect((await plugin.ask({ branch: 'old' })).answer).toEqual(built);
  });
});

describe.skipIf(gitea === undefined)('a pull request', () => {
  it('of our own needs its own run green, too', async () => {
    const shop = await forge.createShop();
    await using plugin = await startPlugin(shop);
    const { commit } = await shop.build('feature');
    const built = plugin.push(commit);
    const number = await shop.openPullRequest('feature');
    const run = await shop.findRun(commit, isOfPullRequest);
    const request = { branch: 'feature', number, head_sha: commit };
    expect((await plugin.ask(request)).answer).toBe('nothing');
    await shop.finish(run);
    expect((await plugin.ask(request)).answer).toEqual(built);
  });

  it('whose workflow runs for pull requests only is found by its number', async () => {
    const shop = await forge.createShop();
    await using plugin = await startPlugin(shop, { events: ['pull_request'] });
    const commit = await shop.commit('feature');
    const built = plugin.push(commit);
    const number = await shop.openPullRequest('feature');
    await shop.finish(await shop.findRun(commit, isOfPullRequest));
    expect((await plugin.ask({ branch: 'feature', number, head_sha: commit })).answer).toEqual(built);
  });

  it('of a fork gets nothing, though its branch has the name of ours', async () => {
    const shop = await forge.createShop();
    await using plugin = await startPlugin(shop);
    const bob = await forge.createAccount();
    await shop.fork(bob);
    plugin.push((await shop.build('feature')).commit);
    const commit = await shop.commit('feature', 'theirs', 'text', bob);
    plugin.push(commit);
    const number = await shop.openPullRequest(`${bob.name}:feature`, bob);
    const run = await shop.findRun(commit, isOfPullRequest);
    await shop.approve(run);
    const { answer } = await plugin.ask({ branch: 'feature', number, head_sha: commit });
    expect(answer).toBe('nothing');
  });

  it('that a reader has pushed to refs/for/main gets nothing, though its run is green', async () => {
    const shop = await forge.createShop();
    await using plugin = await startPlugin(shop);
    const carol = await forge.createAccount();
    const commit = await shop.pushForReview(carol, 'topic');
    plugin.push(commit);
    const run = await shop.findRun(commit, isOfPullRequest);
    await shop.approve(run);
    await shop.finish(run);
    const number = /\/pull\/(\d+)\//.exec(run.path)?.[1] ?? '';
    const { answer } = await plugin.ask({ branch: `refs/pull/${number}/head`, number, head_sha: commit });
    expect(answer).toBe('nothing');
  });
});
