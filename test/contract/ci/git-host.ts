/** Pull requests: one by number, and the list of the open ones. */
import { describe, expect, it } from 'vitest';
import type { GitHost, PullRequestPage } from '../../../src/ci/git-host.ts';
import type { Cursor } from '../../../src/ci/provider.ts';
import { failureOf, type CiUpstream } from './upstream.ts';

export function describeGitHost(current: () => CiUpstream): void {
  describe('a pull request', () => {
    it.each([
      ['the repository itself', 'own', 'own', expect.any(String)],
      ['a fork', 'fork', 'foreign', expect.any(String)],
      ['a deleted repository', 'deleted', 'foreign', null],
    ] as const)('comes from %s', async (_name, head, origin, headRepositoryId) => {
      const upstream = current();
      upstream.addPullRequest?.('7', head);
      expect(await gitHostOf(upstream).fetchPullRequest(upstream.gitRepository, '7')).toEqual({
        kind: 'known',
        openedAfter: expect.toBeOneOf([null, expect.any(Number)]),
        origin,
        headRepositoryId,
        headBranch: expect.toBeOneOf([null, expect.any(String)]),
        headCommit: expect.toBeOneOf([null, expect.stringMatching(/^[0-9a-f]{40}$/)]),
      });
    });

    it('that does not exist is a failure', async () => {
      const upstream = current();
      const call = gitHostOf(upstream).fetchPullRequest(upstream.gitRepository, '404');
      expect((await failureOf(call)).kind).toBe('not_found');
    });
  });

  describe('the list of open pull requests', () => {
    it('shows each open one once, newest first, over several pages', async () => {
      const upstream = current();
      const numbers = Array.from({ length: upstream.pageSize + 2 }, (_, i) => String(i + 1));
      for (const number of numbers) upstream.addPullRequest?.(number, 'own');
      upstream.closePullRequest?.('1');
      const listed: string[] = [];
      let cursor: Cursor | undefined;
      let pages = 0;
      do {
        const page = await listOpen(upstream, cursor);
        listed.push(...page.pullRequests.map(({ number }) => number));
        cursor = page.next;
        pages++;
      } while (cursor !== undefined && pages < numbers.length);
      expect(pages).toBeGreaterThan(1);
      expect(listed).toEqual(numbers.slice(1).toReversed());
    });

    it('says of each whose it is, and where it goes', async () => {
      const upstream = current();
      upstream.addPullRequest?.('7', 'fork');
      const { pullRequests, unread } = await listOpen(upstream);
      expect(unread).toEqual([]);
      expect(pullRequests).toMatchObject([
        { number: '7', title: expect.any(String), targetBranch: 'main', head: { origin: 'foreign' } },
      ]);
    });

    it('is conditional if pages carry a validator', async () => {
      const upstream = current();
      upstream.addPullRequest?.('7', 'own');
      const { validator } = await listOpen(upstream);
      if (validator === undefined) return;
      const again = () =>
        gitHostOf(upstream).fetchOpenPullRequests(upstream.gitRepository, undefined, validator);
      expect(await again()).toBe('unchanged');
      upstream.addPullRequest?.('8', 'own');
      expect(await again()).toMatchObject({ pullRequests: [{ number: '8' }, { number: '7' }] });
    });
  });
}

function gitHostOf({ ports }: CiUpstream): GitHost {
  if (ports.gitHost === undefined) throw new Error('expected a Git host');
  return ports.gitHost;
}

async function listOpen(upstream: CiUpstream, cursor?: Cursor): Promise<PullRequestPage> {
  const page = await gitHostOf(upstream).fetchOpenPullRequests(upstream.gitRepository, cursor);
  if (page === 'unchanged') throw new Error('unchanged, although no validator was given');
  return page;
}
