/** Pull requests, statuses and pushes of Azure Repos. */
import { describe, expect, it } from 'vitest';
import { parsePushPage } from '../../../../src/ci/azure-devops/push-log.ts';
import {
  commitOf,
  createFakePullRequest,
  FORK_ID,
  NO_COMMIT,
  OTHER_REPOSITORY_ID,
  REPOSITORY,
  REPOSITORY_ID,
  timeOf,
  type FakePullRequest,
} from '../../../fixtures/azure-devops/data.ts';
import { serve } from '../../../fixtures/azure-devops/connect.ts';
import { failureOf } from '../../../fixtures/github/connect.ts';

const SOURCE = { host: 'dev.azure.com', api: 'Azure DevOps' };

async function servePullRequest(changes: Partial<FakePullRequest> = {}) {
  const served = await serve();
  served.data.pullRequests.push(createFakePullRequest(42, changes));
  return served;
}

describe('a pull request', () => {
  it('of the repository has no fork source', async () => {
    const { gitHost } = await servePullRequest();
    expect(await gitHost.fetchPullRequest(REPOSITORY, '42')).toMatchObject({
      origin: 'own',
      headRepositoryId: REPOSITORY_ID,
      headBranch: 'feature',
      headCommit: commitOf(42),
    });
  });

  it.each([
    ['a fork', { name: 'refs/heads/feature', repository: { id: FORK_ID } }, FORK_ID],
    ['a deleted fork', { name: 'refs/heads/feature', repository: null }, null],
  ])('of %s has one', async (_name, forkSource, headRepositoryId) => {
    const { gitHost } = await servePullRequest({ forkSource });
    expect(await gitHost.fetchPullRequest(REPOSITORY, '42')).toMatchObject({
      origin: 'foreign',
      headRepositoryId,
    });
  });

  it('of another repository is not ours, since numbers are unique in the organization', async () => {
    const { gitHost } = await servePullRequest({ repository: { id: OTHER_REPOSITORY_ID, name: 'back end' } });
    const failure = await failureOf(gitHost.fetchPullRequest(REPOSITORY, '42'));
    expect(failure).toMatchObject({ kind: 'not_found', message: expect.stringContaining('front end') });
  });

  it('belongs to a repository that is named by its id or in capitals, too', async () => {
    const { gitHost } = await servePullRequest();
    for (const name of [REPOSITORY_ID, 'FRONT END']) {
      const head = await gitHost.fetchPullRequest(`acme/Shop Floor/${name}`, '42');
      expect(head.origin).toBe('own');
    }
  });

  it('whose merge is not computed yet has no known head', async () => {
    const { gitHost, data } = await serve();
    const { lastMergeSourceCommit: _, ...pullRequest } = createFakePullRequest(42);
    data.pullRequests.push(pullRequest);
    expect(await gitHost.fetchPullRequest(REPOSITORY, '42')).toMatchObject({ headCommit: null });
  });

  it('is listed with its labels and the author before the @', async () => {
    const { gitHost, server } = await servePullRequest({
      isDraft: true,
      labels: [{ id: '1', name: 'preview', active: true }],
    });
    expect(await gitHost.fetchOpenPullRequests(REPOSITORY)).toMatchObject({
      pullRequests: [
        { number: '42', author: 'mona', labels: ['preview'], isDraft: true, targetBranch: 'main' },
      ],
      next: undefined,
      unread: [],
    });
    expect(server.requests[0]?.url).toContain('searchCriteria.status=active&$top=100&$skip=0');
    server.verify();
  });

  it('that cannot be read is reported by its number', async () => {
    const { gitHost } = await servePullRequest({ title: 5 as unknown as string });
    expect(await gitHost.fetchOpenPullRequests(REPOSITORY)).toMatchObject({
      pullRequests: [],
      unread: [{ number: '42', problem: 'a field value.title' }],
    });
  });
});

describe('the statuses of a commit', () => {
  const COMMIT = commitOf(1);

  async function fetchStatuses(...statuses: readonly [state: string, name: string, genre?: string][]) {
    const { server, statuses: port } = await serve();
    const value = statuses.map(([state, name, genre], i) => ({
      id: i + 1,
      state,
      context: { name, ...(genre !== undefined && { genre }) },
      creationDate: timeOf(1),
      targetUrl: 'https://sonar.example.com/shop',
    }));
    server.data.statuses.set(COMMIT, value);
    const page = await port.fetchStatuses(REPOSITORY, COMMIT);
    server.verify();
    if (page === 'unchanged') throw new Error('unchanged, although no validator was given');
    return page.statuses;
  }

  it.each([
    ['succeeded', 'success'],
    ['pending', 'pending'],
    ['notSet', 'pending'],
    ['failed', 'unsuccessful'],
    ['error', 'unsuccessful'],
    ['notApplicable', 'unsuccessful'],
    ['partiallySucceeded', 'unsuccessful'],
    ['a word of the future', 'unsuccessful'],
  ])('%s is %s', async (outcome, state) => {
    const url = 'https://sonar.example.com/shop';
    expect(await fetchStatuses([outcome, 'scan', 'sonar'])).toEqual([
      { context: 'sonar/scan', state, outcome, url },
    ]);
  });

  it('are told apart by genre and name, even if both give one context', async () => {
    const statuses = await fetchStatuses(['succeeded', 'b/c', 'a'], ['failed', 'c', 'a/b'], ['pending', 'c']);
    expect(statuses.map(({ context, state }) => `${context} ${state}`).toSorted()).toEqual([
      'a/b/c success',
      'a/b/c unsuccessful',
      'c pending',
    ]);
  });

  it('count by the highest id if a server lists the history, since times are coarse', async () => {
    const { server, statuses } = await serve();
    const common = { context: { name: 'scan' }, creationDate: timeOf(1) };
    const value = [
      { ...common, id: 2, state: 'failed' },
      { ...common, id: 3, state: 'succeeded' },
      { ...common, id: 1, state: 'pending' },
    ];
    const headers = { 'content-type': 'application/json' };
    server.fault({ kind: 'alter', headers, body: JSON.stringify({ count: 3, value }) });
    expect(await statuses.fetchStatuses(REPOSITORY, COMMIT)).toMatchObject({
      statuses: [{ context: 'scan', state: 'success' }],
    });
  });
});

function push(pushId: number, date: string, ...updates: [name: string, newObjectId: string][]) {
  return { pushId, date, refUpdates: updates.map(([name, newObjectId]) => ({ name, newObjectId })) };
}

describe('the log of pushes', () => {
  it('has each branch of a push, without tags and deletions', () => {
    const value = [
      push(
        9,
        timeOf(9),
        ['refs/heads/main', commitOf(1)],
        ['refs/heads/feature/x', commitOf(2)],
        ['refs/tags/main', commitOf(3)],
        ['refs/heads/old', NO_COMMIT],
      ),
    ];
    const position = Date.parse(timeOf(9));
    const tie = '00000000000000000009';
    expect(parsePushPage({ value }, SOURCE)).toEqual({
      pushes: [
        { branch: 'main', commit: commitOf(1), position, tie },
        { branch: 'feature/x', commit: commitOf(2), position, tie },
      ],
      count: 1,
    });
  });

  it('falls from push to push of a branch, even within a millisecond', () => {
    const value = [3, 2, 1].map((id) => push(id, timeOf(1), ['refs/heads/main', commitOf(id)]));
    const { pushes } = parsePushPage({ value }, SOURCE);
    const [first = 0] = pushes.map(({ position }) => position);
    expect(pushes.map(({ position }) => position)).toEqual([first, first - 1, first - 2]);
  });

  it('asks for the updates, which the server leaves out by default', async () => {
    const { server, pushLog } = await serve();
    await pushLog.fetchPushes(REPOSITORY);
    await pushLog.fetchBranchPushes(REPOSITORY, 'feature/x', '100');
    expect(server.requests.map(({ url }) => url.split('?')[1])).toEqual([
      'searchCriteria.includeRefUpdates=true&$top=100&$skip=0&api-version=6.0',
      'searchCriteria.includeRefUpdates=true&$top=100&$skip=100&searchCriteria.refName=refs%2Fheads%2Ffeature%2Fx&api-version=6.0',
    ]);
    server.verify();
  });
});
