import { describe, expect, it } from 'vitest';
import { sha } from '../../../fixtures/builders.ts';
import { connect, NOW, REPOSITORY, serve, takeRequests } from '../../../fixtures/gitlab/connect.ts';

const EPOCH = Date.parse('2026-01-01T00:00:00Z');
const commitOf = (number: number) => number.toString(16).padStart(40, '0');

describe('pushes', () => {
  it('of all branches are listed newest first, without tags and removals', async () => {
    const gitlab = await serve();
    gitlab.addPushEvent(REPOSITORY, { action: 'created', ref: 'feature' });
    gitlab.addPushEvent(REPOSITORY, { ref_type: 'tag', ref: 'v1' });
    gitlab.addPushEvent(REPOSITORY, { action: 'removed', commit_to: null });
    gitlab.addPushEvent(REPOSITORY, { action: 'removed', ref: null, commit_to: null, ref_count: 5 });
    gitlab.addPushEvent(REPOSITORY);
    const page = await connect(gitlab.url).pushLog.fetchPushes(REPOSITORY);
    expect(page).toMatchObject({
      pushes: [
        { branch: 'main', commit: commitOf(5), position: EPOCH + 5000, tie: '5'.padStart(20, '0') },
        { branch: 'feature', commit: commitOf(1), position: EPOCH + 1000 },
      ],
      next: undefined,
    });
    expect(takeRequests(gitlab)).toEqual(['events?action=pushed&sort=desc&per_page=100&page=1']);
  });

  it('end at a push of many branches at once, which names none of them', async () => {
    const gitlab = await serve();
    gitlab.addPushEvent(REPOSITORY, { ref: 'feature' });
    gitlab.addPushEvent(REPOSITORY, { ref: null, commit_to: null, commit_count: 0, ref_count: 5 });
    gitlab.addPushEvent(REPOSITORY);
    const page = await connect(gitlab.url).pushLog.fetchPushes(REPOSITORY);
    expect(page).toEqual({
      pushes: [{ branch: 'main', commit: commitOf(3), position: EPOCH + 3000, tie: '3'.padStart(20, '0') }],
      gap: { position: EPOCH + 2000, tie: '2'.padStart(20, '0') },
      clock: NOW,
    });
  });

  it('are read in pages', async () => {
    const gitlab = await serve();
    for (let id = 1; id <= 101; id++) gitlab.addPushEvent(REPOSITORY);
    const { pushLog } = connect(gitlab.url);
    const first = await pushLog.fetchPushes(REPOSITORY);
    expect(first).toMatchObject({ next: '2' });
    expect(await pushLog.fetchPushes(REPOSITORY, '2')).toMatchObject({
      pushes: [{ position: EPOCH + 1000 }],
    });
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
