import { describe, expect, it } from 'vitest';
import { followFirstParents, parseHistoryCursor } from '../../../src/ci/first-parents.ts';
import { sha } from '../../fixtures/builders.ts';

const [A, B, C, D] = ['a1', 'b2', 'c3', 'd4'].map(sha) as [string, string, string, string];
const START = { commit: C, below: Number.MAX_SAFE_INTEGER };

function list(...all: readonly (readonly [commit: string, time: number, firstParent?: string])[]) {
  return all.map(([commit, time, firstParent]) => ({ commit, time, firstParent }));
}

describe('a history', () => {
  it('follows the first parents, and leaves merged commits out', () => {
    const commits = list([C, 3000, A], [B, 2000, A], [A, 1000]);
    expect(followFirstParents('main', START, commits)).toEqual({
      pushes: [
        { branch: 'main', commit: C, position: 3000, tie: '' },
        { branch: 'main', commit: A, position: 1000, tie: '' },
      ],
      next: undefined,
    });
  });

  it('falls from commit to commit, whatever their clocks say', () => {
    const { pushes, next } = followFirstParents('main', START, list([C, 1000, B], [B, 5000, A], [A, 999, D]));
    expect(pushes.map(({ position }) => position)).toEqual([1000, 999, 998]);
    expect(next).toBe(`${D}@998`);
  });

  it('goes on where the last page ended, also before 1970', () => {
    const { next = '' } = followFirstParents('main', START, list([C, 0, B], [B, 0, A]));
    expect(parseHistoryCursor(next)).toEqual({ commit: A, below: -1 });
  });

  it('has nothing if it does not begin where it should', () => {
    expect(followFirstParents('main', START, list([A, 1000]))).toEqual({ pushes: [], next: undefined });
  });
});

describe('a cursor of something else', () => {
  it.each(['2', A, `${A}@`, `x${A}@1`, `${A}@1x`, `${A.slice(1)}@1`])('is refused: %s', (cursor) => {
    expect(() => parseHistoryCursor(cursor)).toThrow('expected a cursor that this push log returned');
  });
});
