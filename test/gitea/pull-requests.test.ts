/** Pull requests of a real Gitea: whose they are. */
import { describe, expect, inject, it, vi } from 'vitest';
import { connectGitea } from '../fixtures/gitea/connect.ts';
import { Forge, PATIENCE } from '../fixtures/gitea/forge.ts';

const gitea = inject('gitea');

describe.skipIf(gitea === undefined)('a pull request', () => {
  const forge = new Forge(gitea ?? { url: '', token: '' });

  it('from a branch of the repository is our own, until the branch is deleted', async () => {
    const shop = await forge.createShop();
    const { gitHost } = connectGitea(forge.url, shop.owner.token);
    const commit = await shop.commit('feature');
    const number = await shop.openPullRequest('feature');
    const head = await gitHost.fetchPullRequest(shop.repository, number);
    expect(head).toMatchObject({ origin: 'own', headBranch: 'feature', headCommit: commit });
    expect(Math.abs((head.openedAfter ?? 0) - Date.now())).toBeLessThan(600_000);
    await shop.call('DELETE', '/branches/feature');
    await vi.waitFor(async () => {
      const after = await gitHost.fetchPullRequest(shop.repository, number);
      expect(after).toMatchObject({ origin: 'foreign', headBranch: null });
    }, PATIENCE);
  });

  it('from a fork is foreign, also when the fork was deleted', async () => {
    const shop = await forge.createShop();
    const bob = await forge.createAccount();
    await shop.fork(bob);
    const commit = await shop.commit('feature', 'theirs', 'text', bob);
    const number = await shop.openPullRequest(`${bob.name}:feature`, bob);
    const { gitHost } = connectGitea(forge.url, shop.owner.token);
    expect(await gitHost.fetchPullRequest(shop.repository, number)).toMatchObject({
      origin: 'foreign',
      headRepositoryId: expect.any(String),
      headCommit: commit,
    });
    await bob.call('DELETE', `/repos/${bob.name}/shop`);
    expect(await gitHost.fetchPullRequest(shop.repository, number)).toMatchObject({
      origin: 'foreign',
      headRepositoryId: null,
    });
  });

  it('that somebody who may only read has pushed to refs/for/main is foreign', async () => {
    const shop = await forge.createShop();
    const carol = await forge.createAccount();
    const commit = await shop.pushForReview(carol, 'topic');
    const { gitHost } = connectGitea(forge.url, shop.owner.token);
    const { pullRequests, unread } = await listOpen(gitHost, shop.repository);
    expect(unread).toEqual([]);
    expect(pullRequests).toMatchObject([
      {
        author: carol.name,
        targetBranch: 'main',
        head: { origin: 'foreign', headBranch: null, headCommit: commit },
      },
    ]);
  });
});

async function listOpen(gitHost: ReturnType<typeof connectGitea>['gitHost'], repository: string) {
  const page = await gitHost.fetchOpenPullRequests(repository);
  if (page === 'unchanged') throw new Error('unchanged, although no validator was given');
  return page;
}
