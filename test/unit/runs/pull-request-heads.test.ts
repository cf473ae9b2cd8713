import { describe, expect, it } from 'vitest';
import type { OpenPullRequest } from '../../../src/ci/git-host.ts';
import { UpstreamError, type UpstreamFailureKind } from '../../../src/errors.ts';
import { PullRequestHeads } from '../../../src/runs/pull-request-heads.ts';
import { createPullRequestHead } from '../../fixtures/builders.ts';
import { createFakeGitHost } from '../../fixtures/fake-git-host.ts';

const PAGE = 100;

/** @param open number of open pull requests, listed newest first; all others are closed */
function createFixture(open: number, { listFails }: { readonly listFails?: UpstreamFailureKind } = {}) {
  const calls: string[] = [];
  const numbers = Array.from({ length: open }, (_, index) => String(open - index));
  const gitHost = createFakeGitHost(
    async (_repository, number) => {
      calls.push(number);
      return createPullRequestHead({ headBranch: `branch-${number}` });
    },
    async (_repository, cursor = '0') => {
      calls.push(`list ${cursor}`);
      if (listFails !== undefined) {
        throw new UpstreamError({ kind: listFails, host: 'git.test', message: 'no list' });
      }
      const start = Number(cursor);
      const pullRequests = numbers.slice(start, start + PAGE).map(createOpenPullRequest);
      const next = start + PAGE < numbers.length ? String(start + PAGE) : undefined;
      return { pullRequests, unread: [], next };
    },
  );
  const heads = new PullRequestHeads({ gitHost, gitRepository: 'acme/shop', now: () => 0 });
  return { heads, calls, numbers };
}

function createOpenPullRequest(number: string): OpenPullRequest {
  const head = createPullRequestHead({ headBranch: `branch-${number}` });
  return { number, title: '', author: null, labels: [], isDraft: false, targetBranch: 'main', head };
}

async function readEach(heads: PullRequestHeads, numbers: readonly string[]): Promise<void> {
  for (const number of numbers) {
    expect(await heads.read(number)).toMatchObject({ headBranch: `branch-${number}` });
  }
}

describe('the pull requests of a repository', () => {
  it('cost one call each while they are few', async () => {
    const { heads, calls, numbers } = createFixture(5);
    await readEach(heads, numbers);
    await readEach(heads, numbers);
    expect(calls).toEqual(['5', '4', '3', '2', '1']);
  });

  it('cost a call for each page of the list once they are many', async () => {
    const { heads, calls, numbers } = createFixture(1000);
    await readEach(heads, numbers);
    expect(calls).toHaveLength(5 + 10);
  });

  it('cost little more in another order', async () => {
    const { heads, calls, numbers } = createFixture(1000);
    await readEach(heads, numbers.toReversed());
    expect(calls.length).toBeLessThanOrEqual(10 * (5 + 1) + 5);
  });

  it('cost as little at once, and each is read once', async () => {
    const { heads, calls, numbers } = createFixture(1000);
    await Promise.all(numbers.map((number) => heads.read(number)));
    expect(calls.length).toBeLessThanOrEqual(5 + 10);
    expect(new Set(calls).size).toBe(calls.length);
  });

  it('are read by number where the list does not help, at a fifth more at most', async () => {
    const { heads, calls } = createFixture(0);
    const closed = Array.from({ length: 100 }, (_, index) => String(index + 1));
    await readEach(heads, closed);
    expect(calls.length).toBeLessThanOrEqual(120);
  });

  it.each(['denied', 'timeout'] as const)('are read by number where the list fails: %s', async (kind) => {
    const { heads, calls, numbers } = createFixture(40, { listFails: kind });
    await readEach(heads, numbers);
    expect(calls.filter((call) => call.startsWith('list'))).toHaveLength(1);
    expect(calls).toEqual(expect.arrayContaining(numbers));
  });

  it('show new ones on the first page, after the list has ended', async () => {
    const { heads, calls, numbers } = createFixture(10);
    await readEach(heads, numbers);
    numbers.unshift('16', '15', '14', '13', '12', '11');
    await readEach(heads, ['11', '12', '13', '14', '15', '16']);
    expect(calls.slice(6)).toEqual(['11', '12', '13', '14', '15', 'list 0']);
  });
});
