import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeGitHub, type FakeGitHub } from '../../../fixtures/github/fake-github.ts';
import { connect, failureOf, NOW } from '../../../fixtures/github/connect.ts';

const token = { kind: 'token', read: () => 'sesame' } as const;
const RESET = Date.parse('2026-01-01T01:00:00Z');

let github: FakeGitHub;

beforeEach(async () => {
  github = await createFakeGitHub({ token: 'sesame', quota: { limit: 100, reset: RESET } });
  github.addRun('acme/shop');
});

afterEach(async () => {
  await github.close();
  github.verify();
});

describe('quota', () => {
  it('is reported after each answer, including a 304', async () => {
    const { provider, observer } = connect(github.url, { auth: token });
    const page = await provider.fetchRuns('acme/shop');
    const validator = page === 'unchanged' ? undefined : page.validator;
    expect(await provider.fetchRuns('acme/shop', undefined, validator)).toBe('unchanged');
    expect(observer.quota.mock.calls).toEqual([
      ['hub', 99, 100, RESET],
      ['hub', 99, 100, RESET],
    ]);
  });

  it('is reported after a failure too', async () => {
    const { provider, observer } = connect(github.url, { auth: token });
    await failureOf(provider.fetchRuns('acme/unknown'));
    expect(observer.quota.mock.calls).toEqual([['hub', 99, 100, RESET]]);
  });

  it('is not reported if the answer does not contain it', async () => {
    github.fault({
      kind: 'status',
      status: 502,
      headers: { 'x-ratelimit-limit': 'lots', 'x-ratelimit-remaining': '' },
    });
    const { provider, observer } = connect(github.url, { auth: token });
    await failureOf(provider.fetchRuns('acme/shop'));
    expect(observer.quota).not.toHaveBeenCalled();
  });

  it('that is used up stops calls until the time that GitHub named, except for one every five minutes', async () => {
    let now = NOW;
    const { provider, host } = connect(github.url, { auth: token, now: () => now });
    github.quota.remaining = 0;
    const first = await failureOf(provider.fetchRuns('acme/shop'));
    expect(first).toEqual({
      kind: 'rate_limited',
      host,
      message: `${host} limits the rate of connection "hub"`,
      retryAfterMs: RESET - NOW,
    });
    now += 60_000;
    expect(await failureOf(provider.fetchBranchRuns('acme/shop', 'main'))).toEqual({
      ...first,
      retryAfterMs: 240_000,
    });
    expect(github.requests).toHaveLength(1);
    now += 240_000;
    for (let callers = 0; callers < 5; callers++) {
      expect((await failureOf(provider.fetchRun('acme/shop', '1'))).kind).toBe('rate_limited');
    }
    expect(github.requests).toHaveLength(2);
    now = RESET;
    github.quota.remaining = 100;
    expect(await provider.fetchRuns('acme/shop')).toMatchObject({ runs: [{ branch: 'main' }] });
  });

  it('that recovers early is noticed by that one call', async () => {
    let now = NOW;
    const { provider } = connect(github.url, { auth: token, now: () => now });
    github.quota.remaining = 0;
    await failureOf(provider.fetchRuns('acme/shop'));
    github.quota.remaining = 50;
    now += 300_000;
    await provider.fetchRuns('acme/shop');
    await provider.fetchRuns('acme/shop');
    expect(github.requests).toHaveLength(3);
  });

  it('of one connection is not that of another', async () => {
    github.quota.remaining = 0;
    await failureOf(connect(github.url, { auth: token }).provider.fetchRuns('acme/shop'));
    github.quota.remaining = 10;
    expect(await connect(github.url, { auth: token }).provider.fetchRuns('acme/shop')).toHaveProperty('runs');
  });
});

describe('the deadline of a call', () => {
  it('ends an unanswered call, and its request', async () => {
    github.fault({ kind: 'hang' });
    // With timeouts of its own that are far longer.
    const dispatcher = new Agent();
    const dispatcherFor = () => dispatcher;
    const options = { auth: token, timeoutMs: 1000, dispatcherFor };
    const { provider, observer, host } = connect(github.url, options);
    expect(await failureOf(provider.fetchRuns('acme/shop'))).toEqual({
      kind: 'timeout',
      host,
      message: `${host} did not answer in time`,
      trouble: 'timeout',
    });
    await expect.poll(() => observer.requested.mock.calls).toEqual([[host, 'timeout']]);
    await dispatcher.destroy();
  });

  it('covers the body', async () => {
    github.fault({ kind: 'stall' });
    const { provider } = connect(github.url, { auth: token, timeoutMs: 1000 });
    expect((await failureOf(provider.fetchRuns('acme/shop'))).kind).toBe('timeout');
  });
});

describe('a call', () => {
  it.each([
    ['an empty body', '', 'application/json'],
    ['JSON that is cut off', '{"total_count":1,', 'application/json'],
    ['an HTML page', '<html>login</html>', 'text/html'],
    ['an HTML page that claims to be JSON', '<html>login</html>', 'application/json'],
    ['bytes', '\0\0', 'application/octet-stream'],
    ['a content type that is none', '{}', ';;;'],
    ['JSON of another shape', '{"message":"ok"}', 'application/json'],
    ['null', 'null', 'application/json'],
    ['millions of digits', `{"total_count":${'1'.repeat(1_000_000)},"workflow_runs":[]}`, 'application/json'],
    ['values without end', `[${'[],'.repeat(600_000)}0]`, 'application/json'],
    ['nesting without end', '['.repeat(100_000), 'application/json'],
    ['an id that JSON cannot bear', '{"total_count":1e400,"workflow_runs":[]}', 'application/json'],
  ])('takes %s with status 200 as malformed', async (_name, body, type) => {
    github.fault({ kind: 'status', status: 200, headers: { 'content-type': type }, body });
    const { provider } = connect(github.url, { auth: token });
    expect((await failureOf(provider.fetchRuns('acme/shop'))).kind).toBe('malformed');
  });

  it.each([403, 500])('reads only as much of an answer %i as a reason needs', async (status) => {
    const body = `{"message":"rate limit","n":${'1'.repeat(1_000_000)}}`;
    github.fault({ kind: 'status', status, headers: { 'content-type': 'application/json' }, body });
    const { provider } = connect(github.url, { auth: token });
    expect((await failureOf(provider.fetchRuns('acme/shop'))).kind).toBe(
      status === 403 ? 'denied' : 'unavailable',
    );
  });

  it('takes a commit message of a million digits as any other text', async () => {
    const run = github.addRun('acme/shop');
    const body = JSON.stringify({
      total_count: 1,
      workflow_runs: [{ ...run, display_title: '1'.repeat(1_000_000) }],
    });
    github.fault({ kind: 'status', status: 200, headers: { 'content-type': 'application/json' }, body });
    const { provider } = connect(github.url, { auth: token });
    expect(await provider.fetchRuns('acme/shop')).toMatchObject({ runs: [{ id: String(run.id) }] });
  });

  it('takes a 304 that was not asked for as malformed', async () => {
    github.fault({ kind: 'status', status: 304 });
    const { provider } = connect(github.url, { auth: token });
    expect((await failureOf(provider.fetchRuns('acme/shop'))).kind).toBe('malformed');
  });
});
