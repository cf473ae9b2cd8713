import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeGitHub, type FakeGitHub } from '../../../fixtures/github/fake-github.ts';
import { connect, failureOf } from '../../../fixtures/github/connect.ts';

let github: FakeGitHub;

beforeEach(async () => {
  github = await createFakeGitHub({
    token: 'secret',
    denied: /\/acme\/hidden\/actions\/workflows$/,
  });
});

afterEach(async () => {
  await github.close();
});

function inspector() {
  const found = connect(github.url, { auth: { kind: 'token', read: () => 'secret' } }).inspector;
  if (found === undefined) throw new Error('GitHub lists workflows');
  return found;
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

it('a missing permission is told by its name', async () => {
  github.addRepository('acme/hidden');
  expect(await failureOf(inspector().fetchWorkflows('acme/hidden'))).toMatchObject({
    kind: 'denied',
    message: expect.stringContaining('"Actions: read"'),
  });
});
