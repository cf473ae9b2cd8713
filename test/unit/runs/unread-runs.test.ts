import { expect, it } from 'vitest';
import { createUnreadRuns } from '../../../src/runs/unread-runs.ts';

it('of very many runs that cannot be read the newest are kept, and those of unknown time', () => {
  const unread = createUnreadRuns();
  const problem = 'a field path';
  unread.take([{ id: 'untold', branch: null, commit: null, createdAt: null, problem }], 0);
  for (let at = 1; at <= 5000; at++) {
    unread.take([{ id: String(at), branch: null, commit: null, createdAt: at, problem }], at);
  }
  const kept = unread.of('any').map(({ id }) => id);
  expect(kept).toHaveLength(2000);
  expect(kept).toContain('untold');
  expect(kept).toContain('5000');
  expect(kept).not.toContain('3001');
});
