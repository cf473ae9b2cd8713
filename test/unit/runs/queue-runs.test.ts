/** Which runs of a merge queue are a branch's. */
import { describe, expect, it } from 'vitest';
import type { Run } from '../../../src/resolve/types.ts';
import type { KnownRuns } from '../../../src/runs/known-runs.ts';
import { describeUnlisted, listUnfinished, selectQueueRuns } from '../../../src/runs/queue-runs.ts';
import { createRun, sha } from '../../fixtures/builders.ts';

const COMMIT = sha('c0ffee');
const PUSH = createRun({ id: '1', branch: 'main', commit: COMMIT });

function queued(id: string, given: Partial<Run> = {}): Run {
  return createRun({
    id,
    commit: COMMIT,
    branch: `queue/${id}`,
    queuedFor: 'main',
    event: 'merge_group',
    ...given,
  });
}

/** @param runs that the listing shows */
function know(runs: readonly Run[], coverage: KnownRuns['coverage'] = { kind: 'complete' }): KnownRuns {
  const findCommit = (commit: string) => runs.filter((run) => run.commit.startsWith(commit.slice(0, 7)));
  return { coverage, table: { findCommit } } as unknown as KnownRuns;
}

const select = (all: readonly Run[], own: readonly Run[] = [PUSH], headSha?: string) =>
  selectQueueRuns({ branch: 'main', headSha }, own, know(all)).map(({ id }) => id);

describe("a queue's run is the branch's", () => {
  it('if the branch got its commit, or the call names it as the head', () => {
    expect(select([PUSH, queued('2')])).toEqual(['2']);
    expect(select([queued('2')], [], COMMIT)).toEqual(['2']);
    expect(select([queued('2')], [])).toEqual([]);
  });

  it('not if it is of another branch or of no queue, although its commit is the same', () => {
    expect(select([queued('2', { queuedFor: 'release' }), queued('3', { queuedFor: undefined })])).toEqual(
      [],
    );
  });

  it("not if it is a fork's, or only a fork's or a tag's run has the commit", () => {
    expect(select([queued('2', { origin: 'foreign' })])).toEqual([]);
    expect(select([queued('2')], [{ ...PUSH, origin: 'foreign' }])).toEqual([]);
    expect(select([queued('2')], [{ ...PUSH, refKind: 'tag' }])).toEqual([]);
  });

  it('not if only the first digits of its commit are the same', () => {
    expect(select([queued('2', { commit: `${COMMIT.slice(0, 39)}1` })])).toEqual([]);
  });

  it('once, whoever names the commit', () => {
    expect(select([queued('2')], [PUSH, { ...PUSH, id: '4' }], COMMIT)).toEqual(['2']);
  });
});

describe("the queue's own lists", () => {
  it('are read for runs that have not finished', () => {
    const runs = [
      queued('2', { state: 'running' }),
      queued('3', { state: 'blocked' }),
      queued('4'),
      queued('5', { state: 'running', branch: 'queue/2' }),
    ];
    expect(listUnfinished(runs)).toEqual([
      { kind: 'branch', name: 'queue/2' },
      { kind: 'branch', name: 'queue/3' },
    ]);
  });
});

describe('older runs of the queue', () => {
  it.each([
    [{ kind: 'complete' }, []],
    [{ kind: 'since', position: 7, createdAt: 7 }, [7]],
    [{ kind: 'none' }, [null]],
  ] as const)('may be missing with coverage %o', (coverage, positions) => {
    const missing = describeUnlisted({ branch: 'main' }, know([], coverage), 'ci.test');
    expect(missing.map(({ position }) => position)).toEqual(positions);
  });
});
