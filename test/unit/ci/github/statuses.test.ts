/** GitHub's statuses and check runs: what counts, in how many calls, and which failures name what to do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StatusPage } from '../../../../src/ci/commit-statuses.ts';
import { connect, failureOf } from '../../../fixtures/github/connect.ts';
import { createFakeGitHub, type FakeGitHub } from '../../../fixtures/github/fake-github.ts';

const COMMIT = 'c'.repeat(40);

let github: FakeGitHub;

beforeEach(async () => {
  github = await createFakeGitHub({
    token: 'secret',
    denied: /\/acme\/(?:hidden\/.*status|secret\/.*check-runs)$/,
  });
  github.addRun('acme/shop', { head_sha: COMMIT });
});

afterEach(async () => {
  await github.close();
  github.verify();
});

function port() {
  const { statuses } = connect(github.url, { auth: { kind: 'token', read: () => 'secret' } });
  if (statuses === undefined) throw new Error('GitHub knows statuses');
  return statuses;
}

async function fetchPage(commit = COMMIT, validator?: string): Promise<StatusPage> {
  const page = await port().fetchStatuses('acme/shop', commit, validator);
  if (page === 'unchanged') throw new Error('unchanged');
  return page;
}

async function fetchStates(): Promise<string[]> {
  const { statuses } = await fetchPage();
  return statuses.map(({ context, state, outcome }) => `${context} ${state} ${outcome}`);
}

describe('statuses', () => {
  it('of both lists are read, each with the word and the page of its setter', async () => {
    github.setStatus('acme/shop', COMMIT, 'ci/drone', 'success');
    github.setStatus('acme/shop', COMMIT, 'sonarqube', 'error');
    github.setCheckRun('acme/shop', COMMIT, 'scan');
    expect((await fetchPage()).statuses).toEqual([
      { context: 'ci/drone', state: 'success', outcome: 'success', url: 'https://scan.test/ci/drone' },
      { context: 'sonarqube', state: 'unsuccessful', outcome: 'error', url: 'https://scan.test/sonarqube' },
      { context: 'scan', state: 'success', outcome: 'success', url: 'https://github.com/acme/shop/runs/1' },
    ]);
    expect(github.requests).toHaveLength(2);
  });

  it.each([
    ['queued', null, 'pending queued'],
    ['in_progress', null, 'pending in_progress'],
    ['waiting', null, 'pending waiting'],
    ['completed', 'success', 'success success'],
    ['completed', 'neutral', 'unsuccessful neutral'],
    ['completed', 'skipped', 'unsuccessful skipped'],
    ['completed', 'stale', 'unsuccessful stale'],
    ['completed', 'action_required', 'unsuccessful action_required'],
    ['completed', null, 'unsuccessful unknown'],
  ])('a check run that is %s with the conclusion %s is %s', async (status, conclusion, expected) => {
    github.setCheckRun('acme/shop', COMMIT, 'scan', { status, conclusion });
    expect(await fetchStates()).toEqual([`scan ${expected}`]);
  });

  it('of two apps, or two workflows, with one name are both listed', async () => {
    github.setCheckRun('acme/shop', COMMIT, 'build');
    github.setCheckRun('acme/shop', COMMIT, 'build', { app: { id: 2 }, conclusion: 'failure' });
    github.setCheckRun('acme/shop', COMMIT, 'build', { check_suite: { id: 9 }, conclusion: 'skipped' });
    expect((await fetchStates()).toSorted()).toEqual([
      'build success success',
      'build unsuccessful failure',
      'build unsuccessful skipped',
    ]);
  });

  it('are the latest: a new one of the same context, a re-run of the same check', async () => {
    github.setStatus('acme/shop', COMMIT, 'sonarqube', 'failure');
    github.setStatus('acme/shop', COMMIT, 'sonarqube', 'success');
    github.setCheckRun('acme/shop', COMMIT, 'scan', { conclusion: 'failure' });
    github.setCheckRun('acme/shop', COMMIT, 'scan', { status: 'in_progress' });
    expect(await fetchStates()).toEqual(['sonarqube success success', 'scan pending in_progress']);
  });

  it('are all read, over several pages, and then carry no validator', async () => {
    for (let i = 0; i < 101; i++) github.setStatus('acme/shop', COMMIT, `ci/${i}`, 'success');
    for (let i = 0; i < 201; i++) github.setCheckRun('acme/shop', COMMIT, `job ${i}`);
    const { statuses, validator } = await fetchPage();
    expect([statuses.length, validator]).toEqual([302, undefined]);
    expect(github.requests).toHaveLength(5);
  });

  it('that moved while their pages were read are a failure, since one may be missed', async () => {
    for (let i = 0; i < 101; i++) github.setStatus('acme/shop', COMMIT, `ci/${i}`, 'success');
    const body = JSON.stringify({ total_count: 101, statuses: [] });
    const headers = { 'content-type': 'application/json' };
    github.fault({ kind: 'status', status: 200, headers, body }, { path: /status.*page=2/ });
    expect(await failureOf(fetchPage())).toMatchObject({ kind: 'malformed' });
  });

  it('of which one has no name are a failure, since it may be the one that counts', async () => {
    const body = JSON.stringify({ total_count: 1, statuses: [{ id: 1, state: 'success' }] });
    const headers = { 'content-type': 'application/json' };
    github.fault({ kind: 'status', status: 200, headers, body }, { path: /\/status\?/ });
    expect(await failureOf(fetchPage())).toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining('context'),
    });
  });

  it('of a commit that GitHub does not know are none, proven by another commit', async () => {
    expect((await fetchPage('d'.repeat(40))).statuses).toEqual([]);
    expect(github.requests.filter(({ url }) => url.includes('/commits/HEAD/'))).toHaveLength(2);
  });
});

describe('a conditional call', () => {
  it('is free while neither list changes', async () => {
    github.setStatus('acme/shop', COMMIT, 'sonarqube', 'pending');
    const { validator } = await fetchPage();
    const { remaining } = github.quota;
    expect(await port().fetchStatuses('acme/shop', COMMIT, validator)).toBe('unchanged');
    expect(github.quota.remaining).toBe(remaining);
  });

  it.each([
    ['a status', () => github.setStatus('acme/shop', COMMIT, 'sonarqube', 'success')],
    ['a check run', () => github.setCheckRun('acme/shop', COMMIT, 'scan')],
  ])('returns both lists once %s has changed', async (_name, change) => {
    github.setStatus('acme/shop', COMMIT, 'ci', 'success');
    github.setCheckRun('acme/shop', COMMIT, 'lint');
    const { validator } = await fetchPage();
    change();
    const { statuses } = await fetchPage(COMMIT, validator);
    expect(statuses.map(({ context }) => context)).toEqual(expect.arrayContaining(['ci', 'lint']));
    expect(statuses).toHaveLength(3);
  });
});

describe('a missing permission', () => {
  it.each([
    ['acme/hidden', 'Commit statuses: read', 'the commit statuses of acme/hidden'],
    ['acme/secret', 'Checks: read', 'the check runs of acme/secret'],
  ])('at %s is named: %s', async (gitRepository, permission, what) => {
    github.addRun(gitRepository, { head_sha: COMMIT });
    const failure = await failureOf(port().fetchStatuses(gitRepository, COMMIT));
    expect(failure.kind).toBe('denied');
    expect(failure.message).toContain(`denies ${what}`);
    expect(failure.message).toContain(`"${permission}"`);
  });
});
