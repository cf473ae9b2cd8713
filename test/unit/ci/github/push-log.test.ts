/** GitHub's log of pushes, and the head of a branch that it does not show. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, failureOf } from '../../../fixtures/github/connect.ts';
import { createFakeGitHub, type FakeGitHub } from '../../../fixtures/github/fake-github.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);

let github: FakeGitHub;

beforeEach(async () => {
  github = await createFakeGitHub({ token: 'secret', denied: /\/acme\/hidden\/activity$/ });
});

afterEach(async () => {
  await github.close();
  github.verify();
});

function log() {
  const { pushLog } = connect(github.url, { auth: { kind: 'token', read: () => 'secret' } });
  if (pushLog === undefined) throw new Error('GitHub has a log of pushes');
  return pushLog;
}

function answer(body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const all = { 'content-type': 'application/json', ...headers };
  github.fault({ kind: 'status', status: 200, headers: all, body: JSON.stringify(body) }, { times: 1 });
}

const ACTIVITY = { id: 5, before: A, after: B, ref: 'refs/heads/main', timestamp: '2026-01-01T00:05:00Z' };

describe('the log', () => {
  it.each(['push', 'force_push', 'pr_merge', 'merge_queue_merge', 'branch_creation', 'a_later_kind'])(
    'counts %s',
    async (activity_type) => {
      answer([{ ...ACTIVITY, activity_type }]);
      expect(await log().fetchPushes('acme/shop')).toMatchObject({
        pushes: [
          {
            branch: 'main',
            commit: B,
            position: Date.parse('2026-01-01T00:05:00Z'),
            tie: '00000000000000000005',
          },
        ],
      });
    },
  );

  it('shows a commit that a force-push brought back as the newest again', async () => {
    for (const commit of [A, B, A]) github.push('acme/shop', 'refs/heads/main', commit);
    const page = await log().fetchBranchPushes('acme/shop', 'main');
    expect(page.pushes.map(({ commit }) => commit)).toEqual([A, B, A]);
  });

  it('is unreadable if one element is: it may be the newest push', async () => {
    answer([{ ...ACTIVITY, after: 'HEAD' }]);
    expect(await failureOf(log().fetchPushes('acme/shop'))).toMatchObject({ kind: 'malformed' });
  });

  it('is unreadable if there is a next page that cannot be addressed', async () => {
    answer([ACTIVITY], { link: `<${github.url}/x?page=2>; rel="next"` });
    expect(await failureOf(log().fetchPushes('acme/shop'))).toMatchObject({ kind: 'malformed' });
  });

  it('needs a permission, which is named', async () => {
    github.addRepository('acme/hidden');
    const { message } = await failureOf(log().fetchPushes('acme/hidden'));
    expect(message).toContain('"Contents: read"');
  });
});

describe('a branch that the log does not show', () => {
  it('has its head, when it was committed', async () => {
    const { timestamp } = github.push('acme/shop', 'refs/heads/old/one', A);
    github.forgetPushes('acme/shop');
    const page = await log().fetchBranchPushes('acme/shop', 'old/one');
    expect(page.pushes).toEqual([{ branch: 'old/one', commit: A, position: Date.parse(timestamp), tie: '' }]);
    expect(github.requests.at(-1)?.url).toBe('/repos/acme/shop/branches/old%2Fone');
  });

  it('has none if GitHub redirects from its old name', async () => {
    github.push('acme/shop', 'refs/heads/new', A);
    github.fault(
      { kind: 'status', status: 301, headers: { location: `${github.url}/repos/acme/shop/branches/new` } },
      { path: /branches\/old$/ },
    );
    expect((await log().fetchBranchPushes('acme/shop', 'old')).pushes).toEqual([]);
  });

  it('is committed now if the committer says later', async () => {
    github.addRepository('acme/shop');
    answer([]);
    const commit = { sha: A, commit: { committer: { date: '2027-01-01T00:00:00Z' } } };
    const pushLog = log();
    const headers = { 'content-type': 'application/json', date: 'Thu, 01 Jan 2026 00:00:00 GMT' };
    const body = JSON.stringify({ name: 'main', commit });
    github.fault({ kind: 'status', status: 200, headers, body }, { path: /branches/ });
    const { pushes } = await pushLog.fetchBranchPushes('acme/shop', 'main');
    expect(pushes[0]?.position).toBe(Date.parse('2026-01-01T00:00:00Z'));
  });
});
