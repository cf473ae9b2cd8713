import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeGitHub, type FakeGitHub } from '../../../fixtures/github/fake-github.ts';
import { connect, failureOf } from '../../../fixtures/github/connect.ts';

let github: FakeGitHub;

beforeEach(async () => {
  github = await createFakeGitHub({
    token: 'secret',
    denied: /\/acme\/hidden\/(?:pulls|actions\/workflows)$/,
  });
});

afterEach(async () => {
  await github.close();
});

function inspector() {
  return connect(github.url, { auth: { kind: 'token', read: () => 'secret' } }).provider;
}

function answer(body: object): void {
  const headers = { 'content-type': 'application/json' };
  github.fault({ kind: 'status', status: 200, headers, body: JSON.stringify(body) }, { times: 1 });
}

describe('fetchWorkflows', () => {
  it('asks once for as many as there may be', async () => {
    github.addRun('acme/shop', { path: '.github/workflows/build.yml@main' });
    github.addRun('acme/shop', { path: '.github/workflows/test.yml' });
    expect(await inspector().fetchWorkflows('acme/shop')).toEqual([
      { path: '.github/workflows/build.yml', disabled: null },
      { path: '.github/workflows/test.yml', disabled: null },
    ]);
    expect(github.requests.map(({ url }) => url)).toEqual([
      '/repos/acme/shop/actions/workflows?per_page=100',
    ]);
    github.verify();
  });

  it('tells those that are switched off, and leaves out those that were deleted', async () => {
    answer({
      total_count: 3,
      workflows: [
        { path: 'a.yml', state: 'disabled_inactivity' },
        { path: 'b.yml', state: 'deleted' },
        { path: 'c.yml', state: 'active' },
      ],
    });
    expect(await inspector().fetchWorkflows('acme/shop')).toEqual([
      { path: 'a.yml', disabled: 'disabled_inactivity' },
      { path: 'c.yml', disabled: null },
    ]);
  });

  it('tells nothing when there are more than one page holds: none could be said to be missing', async () => {
    answer({ total_count: 101, workflows: [] });
    expect(await inspector().fetchWorkflows('acme/shop')).toBeUndefined();
  });

  it('takes an answer of another shape as malformed', async () => {
    answer({ total_count: 1 });
    expect(await failureOf(inspector().fetchWorkflows('acme/shop'))).toMatchObject({ kind: 'malformed' });
  });
});

describe('probePullRequests', () => {
  it('asks for one, of the open ones', async () => {
    github.addRepository('acme/shop');
    await inspector().probePullRequests('acme/shop');
    expect(github.requests.map(({ url }) => url)).toEqual(['/repos/acme/shop/pulls?per_page=1']);
    github.verify();
  });
});

it('a missing permission is told by its name', async () => {
  github.addRepository('acme/hidden');
  expect(await failureOf(inspector().probePullRequests('acme/hidden'))).toMatchObject({
    kind: 'denied',
    message: expect.stringContaining(
      'denies the pull requests of acme/hidden to connection "hub": it needs "Pull requests: read"',
    ),
  });
  expect(await failureOf(inspector().fetchWorkflows('acme/hidden'))).toMatchObject({
    kind: 'denied',
    message: expect.stringContaining('"Actions: read"'),
  });
});
