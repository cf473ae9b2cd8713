import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeGitHub, type FakeGitHub } from '../../../fixtures/github/fake-github.ts';
import { FORK } from '../../../fixtures/github/data.ts';
import { connect, failureOf, NOW } from '../../../fixtures/github/connect.ts';

let github: FakeGitHub;

beforeEach(async () => {
  github = await createFakeGitHub({ token: 'secret', denied: /\/acme\/hidden\/pulls$/ });
});

afterEach(async () => {
  await github.close();
});

function gitHost() {
  const host = connect(github.url, { auth: { kind: 'token', read: () => 'secret' } }).gitHost;
  if (host === undefined) throw new Error('GitHub is a Git host');
  return host;
}

function sent() {
  return github.requests.map(({ method, url }) => `${method} ${url}`);
}

function answer(body: unknown, others: Readonly<Record<string, string>> = {}): void {
  const headers = { 'content-type': 'application/json', ...others };
  github.fault({ kind: 'status', status: 200, headers, body: JSON.stringify(body) }, { times: 1 });
}

describe('fetchPullRequest', () => {
  it('asks for one pull request, and names the permission that it takes', async () => {
    github.addPullRequest('acme/shop', 7);
    expect(await gitHost().fetchPullRequest('acme/shop', '7')).toMatchObject({
      origin: 'own',
      headBranch: 'feature',
      headCommit: '7'.padStart(40, '0'),
    });
    expect(sent()).toEqual(['GET /repos/acme/shop/pulls/7']);
    github.fault({ kind: 'status', status: 403 });
    const { message } = await failureOf(gitHost().fetchPullRequest('acme/shop', '7'));
    expect(message).toContain('"Pull requests: read"');
  });

  it.each(['', '1/../2', '-1', 'x'])('refuses the number %j before anything is sent', async (number) => {
    expect((await failureOf(gitHost().fetchPullRequest('acme/shop', number))).kind).toBe('not_found');
    expect(github.requests).toEqual([]);
  });
});

describe('fetchOpenPullRequests', () => {
  it('lists what is open, newest first, one hundred at a time', async () => {
    github.addPullRequest('acme/shop', 7);
    github.addPullRequest('acme/shop', 8, FORK);
    github.addPullRequest('acme/shop', 9);
    github.updatePullRequest('acme/shop', 9, { state: 'closed' });
    expect(await gitHost().fetchOpenPullRequests('acme/shop')).toMatchObject({
      pullRequests: [
        { number: '8', head: { origin: 'foreign', headRepositoryId: String(FORK.id) } },
        {
          number: '7',
          title: 'Pull request 7',
          author: 'octocat',
          labels: [],
          isDraft: false,
          targetBranch: 'main',
          head: { origin: 'own', headBranch: 'feature', openedAfter: expect.any(Number) },
        },
      ],
      next: undefined,
      unread: [],
    });
    expect(sent()).toEqual(['GET /repos/acme/shop/pulls?state=open&per_page=100&page=1']);
    github.verify();
  });

  it('skips an element that cannot be read, and says which', async () => {
    github.addPullRequest('acme/shop', 7);
    const { pullRequests } = await list();
    expect(pullRequests).toHaveLength(1);
    answer([{ number: 9, head: {}, base: { ref: 'main', repo: { id: 1 } }, title: 5 }, 'x']);
    expect(await list()).toMatchObject({
      pullRequests: [],
      unread: [{ number: '9', problem: 'a field title' }, { number: null }],
    });
  });

  it.each([{}, null, 'x'])('fails when the answer is no list: %j', async (body) => {
    github.addRepository('acme/shop');
    answer(body);
    expect((await failureOf(list())).kind).toBe('malformed');
  });
});

async function list() {
  const page = await gitHost().fetchOpenPullRequests('acme/shop');
  if (page === 'unchanged') throw new Error('unchanged, although no validator was given');
  return page;
}

describe('when a pull request was opened', () => {
  const HOUR = 3_600_000;
  const MINUTE = 60_000;

  it.each([
    ['of an hour ahead, less what whole seconds hide', new Date(NOW + HOUR).toUTCString(), HOUR, 1000],
    ['that is not shown, with a margin', 'none', 0, 10 * MINUTE],
  ])('is translated from a clock of GitHub %s', async (_name, date, ahead, margin) => {
    github.addRepository('acme/shop');
    const repo = { id: 1 };
    const opened = {
      number: 7,
      title: 'One',
      labels: [],
      created_at: new Date(NOW + ahead - MINUTE).toISOString(),
      head: { repo },
      base: { ref: 'main', repo },
    };
    const openedAfter = NOW - MINUTE - margin;
    answer(opened, { date });
    expect(await gitHost().fetchPullRequest('acme/shop', '7')).toMatchObject({ openedAfter });
    answer([opened], { date });
    expect((await list()).pullRequests).toMatchObject([{ head: { openedAfter } }]);
  });
});

describe('probe', () => {
  it('asks for one, of the open ones', async () => {
    github.addRepository('acme/shop');
    await gitHost().probe('acme/shop');
    expect(sent()).toEqual(['GET /repos/acme/shop/pulls?per_page=1']);
    github.verify();
  });

  it('names the missing permission', async () => {
    github.addRepository('acme/hidden');
    expect(await failureOf(gitHost().probe('acme/hidden'))).toMatchObject({
      kind: 'denied',
      message: expect.stringContaining(
        'denies the pull requests of acme/hidden to connection "hub": it needs "Pull requests: read"',
      ),
    });
  });
});
