import { expect, it } from 'vitest';
import { UnreadRuns } from '../../../src/runs/unread-runs.ts';

it('the newest of very many unreadable runs are kept, and those of unknown time', () => {
  const unread = new UnreadRuns();
  const problem = 'a field path';
  unread.add(
    [{ id: 'untold', branch: null, commit: null, position: null, tie: null, createdAt: null, problem }],
    0,
  );
  for (let at = 1; at <= 5000; at++) {
    unread.add(
      [{ id: String(at), branch: null, commit: null, position: at, tie: null, createdAt: at, problem }],
      at,
    );
  }
  const kept = unread.of('any').map(({ id }) => id);
  expect(kept).toHaveLength(2000);
  expect(kept).toContain('untold');
  expect(kept).toContain('5000');
  expect(kept).not.toContain('3001');
});
