/** Names that are almost paths, answers without a message, and lists that are just long enough. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeGitHubFailure } from '../../../../src/ci/github/failure.ts';
import { digitsOf, nameOf } from '../../../../src/ci/github/names.ts';
import { connect } from '../../../fixtures/github/connect.ts';
import { createFakeGitHub } from '../../../fixtures/github/fake-github.ts';

const HOST = 'api.github.com';
const CALL = {
  host: HOST,
  connection: 'hub',
  anonymous: false,
  what: 'the runs',
  permission: 'Actions: read',
};

describe('a repository', () => {
  it.each([
    './shop',
    '../shop',
    'acme/..',
    'acme/.',
    'acme',
    'acme/web/shop',
    'acme/sh op',
    '/shop',
    'acme/',
  ])('%j is none', (name) => {
    expect(() => nameOf(name, HOST)).toThrow('expected OWNER/NAME');
  });

  it.each(['acme/.github', '.acme/shop', 'acme./shop', 'acme/shop.'])('%j is one', (name) => {
    expect(Object.values(nameOf(name, HOST)).join('/')).toBe(name);
  });
});

describe('a number', () => {
  it.each(['x7', '7x', '', '7/8'])('%j is none', (id) => {
    expect(() => digitsOf(id, HOST)).toThrow('expected digits');
  });
});

describe('a failure', () => {
  it.each([null, 'Forbidden', 7, {}, { message: 7 }])('is understood without a message: %j', (data) => {
    const failure = describeGitHubFailure({ status: 403, headers: {}, data }, CALL, 0);
    expect(failure).toMatchObject({ kind: 'denied', message: expect.stringContaining('Actions: read') });
  });
});

describe('a list of workflows', () => {
  it('is whole if it fills the page exactly', async () => {
    const github = await createFakeGitHub({ token: 'secret' });
    onTestFinished(() => github.close());
    const workflows = Array.from({ length: 100 }, (_, i) => ({ path: `${i}.yml`, state: 'active' }));
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ total_count: 100, workflows });
    github.fault({ kind: 'status', status: 200, headers, body }, { times: 1 });
    const { inspector } = connect(github.url, { auth: { kind: 'token', read: () => 'secret' } });
    expect(await inspector?.fetchWorkflows('acme/shop')).toHaveLength(100);
  });
});
