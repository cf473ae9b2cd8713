import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFakeGitHub, type FakeGitHub } from '../../../fixtures/github/fake-github.ts';
import { connect, failureOf } from '../../../fixtures/github/connect.ts';

/** Octokit takes hold of the console's functions when it is imported, so they are replaced before that. */
const written = vi.hoisted(() => {
  const lines: unknown[] = [];
  for (const level of ['error', 'warn', 'info', 'debug'] as const) {
    console[level] = (...line: unknown[]) => lines.push(line);
  }
  return lines;
});

let github: FakeGitHub;

beforeEach(async () => {
  github = await createFakeGitHub();
  github.addRun('acme/shop');
});

afterEach(() => github.close());

describe('a request through Octokit', () => {
  it('says who asks, and for which form', async () => {
    await connect(github.url).provider.fetchRuns('acme/shop', 1);
    expect(github.requests[0]?.headers).toMatchObject({
      'user-agent': expect.stringMatching(/^greenpin /),
      accept: expect.stringMatching(/^application\/vnd\.github\..*json$/),
    });
  });

  it('writes nothing on the console, neither of a failure nor of a deprecation', async () => {
    const headers = { deprecation: 'Sat, 01 Jan 2028 00:00:00 GMT', 'content-type': 'application/json' };
    for (const status of [200, 404, 500]) {
      github.fault({ kind: 'status', status, headers, body: '{}' });
      await failureOf(connect(github.url).provider.fetchRuns('acme/shop', 1));
    }
    expect(written).toEqual([]);
  });

  it('looks at no more than a part of an answer that says no', async () => {
    const headers = { 'content-type': 'application/json' };
    const [long, short] = [70_000, 60_000].map((length) =>
      JSON.stringify({ message: 'rate limit', more: 'x'.repeat(length) }),
    );
    const { provider } = connect(github.url);
    github.fault({ kind: 'status', status: 403, headers, body: long ?? '' });
    expect((await failureOf(provider.fetchRuns('acme/shop', 1))).kind).toBe('denied');
    github.fault({ kind: 'status', status: 403, headers, body: short ?? '' });
    expect((await failureOf(provider.fetchRuns('acme/shop', 1))).kind).toBe('rate_limited');
  });
});
