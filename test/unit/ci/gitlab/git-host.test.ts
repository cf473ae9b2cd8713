import { describe, expect, it } from 'vitest';
import { FORK_ID } from '../../../fixtures/gitlab/data.ts';
import { connect, NOW, REPOSITORY, serve, takeRequests } from '../../../fixtures/gitlab/connect.ts';

describe('a merge request', () => {
  it.each([
    ['the project itself', undefined, 'own'],
    ['a fork', FORK_ID, 'foreign'],
    ['a deleted fork', null, 'foreign'],
  ])('of %s', async (_, source, origin) => {
    const gitlab = await serve();
    const { id } = gitlab.project(REPOSITORY);
    const source_project_id = source === undefined ? id : source;
    gitlab.addMergeRequest(REPOSITORY, 9, { source_project_id, source_branch: 'feature' });
    expect(await connect(gitlab.url).gitHost.fetchPullRequest(REPOSITORY, '9')).toEqual({
      kind: 'known',
      openedAfter: expect.any(Number),
      origin,
      headRepositoryId: source_project_id === null ? null : String(source_project_id),
      headBranch: 'feature',
      headCommit: '9'.padStart(40, '0'),
    });
  });

  it('was opened at a time by our clock', async () => {
    const gitlab = await serve();
    gitlab.addMergeRequest(REPOSITORY, 9, { created_at: new Date(NOW - 60_000).toISOString() });
    const { gitHost } = connect(gitlab.url, { now: () => NOW + 5_000 });
    const { openedAfter } = await gitHost.fetchPullRequest(REPOSITORY, '9');
    expect(openedAfter).toBe(NOW + 5_000 - 60_000 - 1000);
  });

  it('has no head while it has no commits', async () => {
    const gitlab = await serve();
    gitlab.addMergeRequest(REPOSITORY, 9, { sha: null });
    expect(await connect(gitlab.url).gitHost.fetchPullRequest(REPOSITORY, '9')).toMatchObject({
      headCommit: null,
      origin: 'own',
    });
  });
});

describe('the list of open merge requests', () => {
  it('has what filters and templates need', async () => {
    const gitlab = await serve();
    gitlab.addMergeRequest(REPOSITORY, 9, { draft: true, labels: ['preview'], target_branch: 'release' });
    expect(await connect(gitlab.url).gitHost.fetchOpenPullRequests(REPOSITORY)).toMatchObject({
      pullRequests: [
        {
          number: '9',
          title: 'Merge request 9',
          author: 'tanuki',
          labels: ['preview'],
          isDraft: true,
          targetBranch: 'release',
        },
      ],
      next: undefined,
    });
    expect(takeRequests(gitlab)).toEqual([
      'merge_requests?state=opened&order_by=created_at&sort=desc&per_page=100&page=1',
    ]);
  });

  it('skips one that cannot be read, and keeps its number', async () => {
    const gitlab = await serve();
    gitlab.addMergeRequest(REPOSITORY, 8);
    Object.assign(gitlab.addMergeRequest(REPOSITORY, 9), { target_project_id: null });
    expect(await connect(gitlab.url).gitHost.fetchOpenPullRequests(REPOSITORY)).toMatchObject({
      pullRequests: [{ number: '8' }],
      unread: [{ number: '9', problem: 'a field target_project_id' }],
    });
  });
});
