/** Builds and pull requests that leave fields out. */
import { describe, expect, it } from 'vitest';
import { parseBuild, parseBuildPage } from '../../../../src/ci/azure-devops/build.ts';
import { parsePullRequestPage } from '../../../../src/ci/azure-devops/pull-request.ts';
import { serve } from '../../../fixtures/azure-devops/connect.ts';
import { commitOf, createFakeBuild, REPOSITORY, REPOSITORY_ID } from '../../../fixtures/azure-devops/data.ts';

const SOURCE = { host: 'dev.azure.com', api: 'Azure DevOps' };

describe('a build', () => {
  it('that cannot be read has no place of its own without an id', () => {
    const odd = { ...createFakeBuild(7), id: 'seven' };
    const { unread } = parseBuildPage({ count: 1, value: [odd] }, REPOSITORY_ID, SOURCE);
    expect(unread).toMatchObject([{ id: null, position: null, tie: null, commit: commitOf(7) }]);
    const readable = { ...createFakeBuild(7), queueTime: 'today' };
    const page = parseBuildPage({ count: 1, value: [readable] }, REPOSITORY_ID, SOURCE);
    expect(page.unread).toMatchObject([{ id: '7', position: 7, tie: '', branch: 'main' }]);
  });

  it('without a ref is of no branch', () => {
    const { sourceBranch: _, ...rest } = createFakeBuild(7);
    expect(parseBuild(rest, REPOSITORY_ID, SOURCE)).toMatchObject({ branch: null, refKind: 'unknown' });
  });

  it('of a tag has the name of the tag', () => {
    const tagged = createFakeBuild(7, { sourceBranch: 'refs/tags/release/v1' });
    expect(parseBuild(tagged, REPOSITORY_ID, SOURCE)).toMatchObject({ branch: 'release/v1', refKind: 'tag' });
  });

  it('that has not begun has the time of its queueing', () => {
    const { startTime: _, finishTime: __, ...waiting } = createFakeBuild(7);
    const run = parseBuild({ ...waiting, status: 'notStarted' }, REPOSITORY_ID, SOURCE);
    if (run === 'gone') throw new Error('expected a run');
    expect([run.startedAt, run.updatedAt]).toEqual([run.createdAt, run.createdAt]);
  });
});

describe('a pull request', () => {
  const element = {
    pullRequestId: 3,
    title: 'Add a cart',
    sourceRefName: 'refs/heads/cart',
    targetRefName: 'refs/heads/main',
    creationDate: '2026-01-01T00:00:00Z',
    lastMergeSourceCommit: { commitId: commitOf(9) },
    repository: { id: REPOSITORY_ID },
  };

  it('of a server that knows neither drafts nor labels nor the author has none', () => {
    const page = parsePullRequestPage({ count: 1, value: [element] }, SOURCE, (time) => time);
    expect(page).toMatchObject({
      unread: [],
      count: 1,
      pullRequests: [
        {
          number: '3',
          author: null,
          labels: [],
          isDraft: false,
          targetBranch: 'main',
          head: { headBranch: 'cart', headCommit: commitOf(9), origin: 'own' },
        },
      ],
    });
  });
});

async function fetchStatuses(...value: readonly object[]) {
  const { server, statuses } = await serve();
  server.fault({ kind: 'alter', body: JSON.stringify({ count: value.length, value }) });
  const page = await statuses.fetchStatuses(REPOSITORY, commitOf(1));
  return page === 'unchanged' ? page : page.statuses.map(({ context, state }) => `${context} ${state}`);
}

describe('the statuses of a commit', () => {
  const scan = { name: 'scan', genre: 'sonar' };

  it('are all listed where the server names no ids, since any may be the latest', async () => {
    const statuses = await fetchStatuses(
      { state: 'succeeded', context: scan },
      { state: 'failed', context: scan },
    );
    expect(statuses).toEqual(['sonar/scan success', 'sonar/scan unsuccessful']);
  });

  it('are the ones of the highest id, whatever their order', async () => {
    const [older, newer] = [
      { id: 4, state: 'succeeded', context: scan },
      { id: 5, state: 'failed', context: scan },
    ];
    for (const both of [
      [older, newer],
      [newer, older],
    ]) {
      expect(await fetchStatuses(...both)).toEqual(['sonar/scan unsuccessful']);
    }
  });

  it('are pending if they were never set', async () => {
    expect(await fetchStatuses({ id: 1, context: { name: 'lint' } })).toEqual(['lint pending']);
  });
});
