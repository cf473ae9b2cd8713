import { describe, expect, it } from 'vitest';
import type { StatusPage } from '../../../../src/ci/commit-statuses.ts';
import type { CiPorts } from '../../../../src/ci/kind.ts';
import { connectFake, NOW } from '../../../fixtures/gitea/connect-fake.ts';

const REPOSITORY = 'acme/shop';
const COMMIT = 'a'.repeat(40);
const APIS = ['gitea', 'forgejo'] as const;
const AT = '2026-01-01T00:00:00Z';

const sha = (digit: number) => String(digit).repeat(40);

async function fetchStatuses({ statuses }: CiPorts): Promise<StatusPage['statuses']> {
  const page = await statuses?.fetchStatuses(REPOSITORY, COMMIT);
  return page === undefined || page === 'unchanged' ? [] : page.statuses;
}

describe.each(APIS)('a pull request of %s', (api) => {
  it('that was pushed to refs/for/main is foreign, though its head lies in the repository', async () => {
    const { server, ports } = await connectFake(api);
    server.data.pulls.push({ number: 3, head: 'agit', state: 'open', branch: 'topic' });
    const head = { origin: 'foreign', headRepositoryId: '1', headBranch: null };
    expect(await ports.gitHost?.fetchPullRequest(REPOSITORY, '3')).toMatchObject(head);
    const page = await ports.gitHost?.fetchOpenPullRequests(REPOSITORY);
    expect(page).toMatchObject({
      pullRequests: [{ number: '3', head, labels: ['preview'], author: 'alice' }],
    });
  });
});

describe('the statuses of a commit', () => {
  it.each(['failure', 'error', 'warning', 'skipped', 'odd'])(
    'with the word %s are not green',
    async (status) => {
      const { server, ports } = await connectFake('gitea');
      server.data.statuses.set(COMMIT, [{ context: 'scan', status }]);
      expect(await fetchStatuses(ports)).toMatchObject([
        { context: 'scan', state: 'unsuccessful', outcome: status },
      ]);
    },
  );

  it.each(APIS)('of %s are read over all pages', async (api) => {
    const { server, ports } = await connectFake(api, { maxItems: 3 });
    const contexts = Array.from({ length: 7 }, (_, index) => `context-${index}`);
    server.data.statuses.set(
      COMMIT,
      contexts.map((context) => ({ context, status: 'success' })),
    );
    expect(new Set((await fetchStatuses(ports)).map(({ context }) => context))).toEqual(new Set(contexts));
    server.verify();
  });

  it('are all listed if two setters share a context', async () => {
    const { server, ports } = await connectFake('gitea');
    const statuses = ['success', 'failure'].map((status, id) => ({ id, context: 'CI / build', status }));
    const body = JSON.stringify({ state: 'failure', total_count: 2, statuses });
    server.fault({
      kind: 'status',
      status: 200,
      headers: { 'content-type': 'application/json', 'x-total-count': '2' },
      body,
    });
    expect((await fetchStatuses(ports)).map(({ outcome }) => outcome)).toEqual(['failure', 'success']);
  });

  it('link to the instance, and to the web only', async () => {
    const { server, ports } = await connectFake('gitea', { path: '/git' });
    const targets = [
      '/git/acme/shop/actions/runs/1/jobs/0',
      'https://ci.example.com/1',
      '//evil.example.com',
      'javascript:alert(1)',
    ];
    server.data.statuses.set(
      COMMIT,
      targets.map((target, index) => ({ context: `${index}`, status: 'success', target_url: target })),
    );
    const urls = new Map((await fetchStatuses(ports)).map(({ context, url }) => [context, url]));
    const origin = new URL(server.url).origin;
    expect([...urls].toSorted(([a], [b]) => Number(a) - Number(b))).toEqual([
      ['0', `${origin}/git/acme/shop/actions/runs/1/jobs/0`],
      ['1', 'https://ci.example.com/1'],
      ['2', ''],
      ['3', ''],
    ]);
  });
});

describe('the push log', () => {
  it("has each branch's head, by the committer's time, and reads each commit once", async () => {
    const { server, ports } = await connectFake('gitea');
    const head = (digit: number, date: string) => [{ sha: sha(digit), date, parents: [] }];
    server.data.commits.set('main', head(1, '2026-01-01T00:00:00Z'));
    server.data.commits.set('feature', head(2, '2026-01-01T00:00:01Z'));
    const expected = { pushes: [{ branch: 'feature', commit: sha(2) }, { branch: 'main' }], next: undefined };
    expect(await ports.pushLog?.fetchPushes(REPOSITORY)).toMatchObject(expected);
    expect(server.requests).toHaveLength(3);
    expect(await ports.pushLog?.fetchPushes(REPOSITORY)).toMatchObject(expected);
    expect(server.requests).toHaveLength(4);
    server.verify();
  });

  it('reads all pages of branches, since one that moves to an older commit stays behind', async () => {
    const { server, ports } = await connectFake('gitea', { maxItems: 2 });
    for (let digit = 1; digit <= 5; digit++) {
      server.data.commits.set(`b${digit}`, [{ sha: sha(digit), date: AT, parents: [] }]);
    }
    const page = await ports.pushLog?.fetchPushes(REPOSITORY);
    expect(page).toMatchObject({ pushes: { length: 5 }, next: undefined });
  });

  it('goes on with the first parent of the last commit of a page', async () => {
    const { server, ports } = await connectFake('gitea', { maxItems: 3 });
    const commit = (digit: number, ...parents: number[]) => ({
      sha: sha(digit),
      date: AT,
      parents: parents.map(sha),
    });
    // 5 merges 9 into 4; the list has both lines, by date.
    server.data.commits.set('main', [
      commit(5, 4, 9),
      commit(9, 8),
      commit(4, 3),
      commit(8, 3),
      commit(3, 2),
      commit(2),
    ]);
    const first = await ports.pushLog?.fetchBranchPushes(REPOSITORY, 'main');
    expect(first?.pushes.map((push) => push.commit)).toEqual([sha(5), sha(4)]);
    expect(first?.next).toMatch(new RegExp(`^${sha(3)}@`));
    const second = await ports.pushLog?.fetchBranchPushes(REPOSITORY, 'main', first?.next);
    expect(second?.pushes.map((push) => push.commit)).toEqual([sha(3), sha(2)]);
    expect(second?.next).toBeUndefined();
  });

  it('has no commit newer than the answer, so that a later push is newer than one from the future', async () => {
    const { server, ports } = await connectFake('gitea');
    server.data.commits.set('main', [{ sha: sha(1), date: '2030-01-01T00:00:00Z', parents: [] }]);
    const pages = [
      await ports.pushLog?.fetchBranchPushes(REPOSITORY, 'main'),
      await ports.pushLog?.fetchPushes(REPOSITORY),
    ];
    const page = { pushes: [{ position: NOW }] };
    expect(pages).toMatchObject([page, page]);
  });
});
