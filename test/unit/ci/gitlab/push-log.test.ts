import { describe, expect, it } from 'vitest';
import { sha } from '../../../fixtures/builders.ts';
import { connect, REPOSITORY, serve, takeRequests } from '../../../fixtures/gitlab/connect.ts';
import type { FakeGitLab } from '../../../fixtures/gitlab/fake-gitlab.ts';

function addPush(gitlab: FakeGitLab, id: number, given: Readonly<Record<string, unknown>> = {}): void {
  gitlab.project(REPOSITORY).events.unshift({
    id,
    created_at: new Date(id * 1000).toISOString(),
    action_name: 'pushed to',
    push_data: {
      commit_count: 1,
      action: 'pushed',
      ref_type: 'branch',
      commit_from: sha('0'),
      commit_to: sha(String(id)),
      ref: 'main',
      ...given,
    },
  });
}

describe('pushes', () => {
  it('of all branches are listed newest first, without tags, removals and pushes of many refs', async () => {
    const gitlab = await serve();
    addPush(gitlab, 1, { action: 'created', ref: 'feature' });
    addPush(gitlab, 2, { ref_type: 'tag', ref: 'v1' });
    addPush(gitlab, 3, { action: 'removed', commit_to: null });
    addPush(gitlab, 4, { ref: null, commit_to: null, ref_count: 5 });
    addPush(gitlab, 5);
    const page = await connect(gitlab.url).pushLog.fetchPushes(REPOSITORY);
    expect(page).toMatchObject({
      pushes: [
        { branch: 'main', commit: sha('5'), position: 5000, tie: '5'.padStart(20, '0') },
        { branch: 'feature', commit: sha('1'), position: 1000 },
      ],
      next: undefined,
    });
    expect(takeRequests(gitlab)).toEqual(['events?action=pushed&sort=desc&per_page=100&page=1']);
  });

  it('are read in pages', async () => {
    const gitlab = await serve();
    for (let id = 1; id <= 101; id++) addPush(gitlab, id);
    const { pushLog } = connect(gitlab.url);
    const first = await pushLog.fetchPushes(REPOSITORY);
    expect(first).toMatchObject({ next: '2' });
    expect(await pushLog.fetchPushes(REPOSITORY, '2')).toMatchObject({ pushes: [{ position: 1000 }] });
  });
});

describe("a branch's pushes", () => {
  it('are its commits in first-parent order, whatever their clocks say, and never those of a tag', async () => {
    const gitlab = await serve();
    const commits = Array.from({ length: 120 }, (_, index) => ({
      id: sha(String(index + 1)),
      parent_ids: [],
      // Several within a second, and one from the future.
      committed_date: index === 50 ? '2030-01-01T00:00:00Z' : '2026-01-01T00:00:00Z',
    }));
    gitlab.project(REPOSITORY).branches.set('release/1', commits);
    const { pushLog } = connect(gitlab.url);
    const first = await pushLog.fetchBranchPushes(REPOSITORY, 'release/1');
    const second = await pushLog.fetchBranchPushes(REPOSITORY, 'release/1', first.next);
    const pushes = [...first.pushes, ...second.pushes];
    expect(pushes.map(({ commit }) => commit)).toEqual(commits.map(({ id }) => id));
    expect(pushes.every(({ branch }) => branch === 'release/1')).toBe(true);
    const positions = pushes.map(({ position }) => position);
    expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => b - a));
    expect([first.next === undefined, second.next]).toEqual([false, undefined]);
    expect(takeRequests(gitlab)[0]).toBe(
      'repository/commits?ref_name=refs%2Fheads%2Frelease%2F1&first_parent=true&per_page=100&page=1',
    );
  });

  it('are none for a branch that does not exist', async () => {
    const gitlab = await serve();
    expect(await connect(gitlab.url).pushLog.fetchBranchPushes(REPOSITORY, 'gone')).toEqual({ pushes: [] });
  });
});
