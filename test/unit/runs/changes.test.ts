/** A listing that follows changes. It reads its first page from time to time, and if there are too many changes. */
import { describe, expect, test } from 'vitest';
import type { CiProvider, RunPage } from '../../../src/ci/provider.ts';
import { UpstreamError, type UpstreamFailureKind } from '../../../src/errors.ts';
import type { Run } from '../../../src/resolve/types.ts';
import { createRunIndex } from '../../../src/runs/run-index.ts';
import { FRESH_FOR, runsFrom } from '../../fixtures/runs/harness.ts';

const PAGE = 5;
/** Calls of one refresh that follow changes. */
const MOST_CALLS = 10;
const FIRST_PAGE_EVERY = 300_000;

function failed(kind: UpstreamFailureKind): UpstreamError {
  return new UpstreamError({ kind, host: 'ci.test', message: 'ci.test failed' });
}

function pageFrom(runs: readonly Run[], start: number): RunPage {
  return {
    runs: runs.slice(start, start + PAGE),
    next: runs.length > start + PAGE ? String(start + PAGE) : undefined,
  };
}

/** A CI with keyset paging that returns one change per call. */
function createFixture(count: number) {
  const fixture = {
    now: 1_000_000,
    runs: runsFrom(1, count).toReversed(),
    /** Ids of changed runs, oldest change first. */
    changes: [] as string[],
    calls: [] as string[],
    /** Of changes. */
    failure: undefined as UpstreamFailureKind | undefined,
    isListDown: false,
    validator: undefined as string | undefined,
    rerun(id: string): void {
      fixture.runs = fixture.runs.map((run) =>
        run.id === id ? { ...run, attempt: run.attempt + 1, updatedAt: run.updatedAt + 1 } : run,
      );
      fixture.changes.push(id);
    },
    delete: (id: string) => void (fixture.runs = fixture.runs.filter((run) => run.id !== id)),
    async attempt(branch: string): Promise<number | undefined> {
      const known = await index.read({ branch });
      return known.kind === 'known' ? known.runs[0]?.attempt : undefined;
    },
  };
  const provider: CiProvider = {
    host: 'ci.test',
    paging: 'keyset',
    repositoryKey: (gitRepository) => gitRepository,
    async fetchRuns(_repository, cursor, validator) {
      fixture.calls.push(`list ${cursor ?? ''}`.trim());
      if (fixture.isListDown) throw failed('unavailable');
      if (validator !== undefined && validator === fixture.validator) return 'unchanged';
      const page = pageFrom(fixture.runs, Number(cursor ?? 0));
      return { ...page, validator: fixture.validator, changes: String(fixture.changes.length) };
    },
    async fetchBranchRuns(_repository, branch) {
      fixture.calls.push(`branch ${branch}`);
      return pageFrom(
        fixture.runs.filter((run) => run.branch === branch),
        0,
      );
    },
    async fetchChanges(_repository, since) {
      fixture.calls.push(`changes ${since}`);
      if (fixture.failure !== undefined) throw failed(fixture.failure);
      const end = Math.min(Number(since) + 1, fixture.changes.length);
      const runs = fixture.runs.filter(({ id }) => id === fixture.changes[Number(since)]);
      return { runs, next: String(end), more: end < fixture.changes.length };
    },
    fetchRun: async () => 'gone',
    probe: async () => '',
  };
  const index = createRunIndex({
    provider,
    ciRepository: 'acme/shop',
    gitRepository: 'acme/shop',
    freshFor: () => FRESH_FOR,
    now: () => fixture.now,
    firstPages: 2,
  });
  return { index, ci: fixture };
}

describe('changes', () => {
  test('are read from where the last call ended, instead of the first page', async () => {
    const { index, ci } = createFixture(3);
    await index.read({ branch: 'branch-1' });
    ci.rerun('1');
    ci.rerun('2');
    ci.now += FRESH_FOR;
    ci.calls = [];
    expect(await ci.attempt('branch-1')).toBe(2);
    ci.rerun('1');
    ci.now += FRESH_FOR;
    expect(await ci.attempt('branch-1')).toBe(3);
    expect(ci.calls).toEqual(['changes 0', 'changes 1', 'changes 2']);
  });

  test('do not show deletions, so the first page is read again after five minutes', async () => {
    const { index, ci } = createFixture(3);
    await index.read({ branch: 'branch-2' });
    ci.delete('2');
    ci.now += FIRST_PAGE_EVERY - 1;
    expect(await index.read({ branch: 'branch-2' })).toMatchObject({ runs: [{ id: '2' }] });
    ci.now += FRESH_FOR;
    expect(await index.read({ branch: 'branch-2' })).toMatchObject({ runs: [] });
  });

  test('that do not fit one refresh are completed by the first page, and continue at the next refresh', async () => {
    const { index, ci } = createFixture(8);
    await index.read({ branch: 'branch-1' });
    await index.read({ branch: 'branch-1' });
    for (let count = 0; count < MOST_CALLS; count++) ci.rerun('8');
    ci.rerun('1');
    ci.now += FRESH_FOR;
    ci.calls = [];
    const known = await index.read({ branch: 'branch-7' });
    expect(ci.calls).toEqual([...Array.from({ length: MOST_CALLS }, (_, at) => `changes ${at}`), 'list']);
    expect(known.kind === 'known' && known.standing('7').confirmedAt).toBe(ci.now);
    // The last change concerns a run that is not on the first page.
    ci.now += FRESH_FOR;
    expect(await ci.attempt('branch-1')).toBe(2);
  });

  test('that do not fit one refresh confirm no other run if the first page fails', async () => {
    const { index, ci } = createFixture(3);
    const listedAt = ci.now;
    await index.read({ branch: 'branch-2' });
    for (let count = 0; count <= MOST_CALLS; count++) ci.rerun('3');
    ci.isListDown = true;
    ci.now += FRESH_FOR;
    expect(await index.read({ branch: 'branch-2' })).toMatchObject({ kind: 'failed' });
    expect(index.peekBranch('branch-2')?.standing('2').confirmedAt).toBe(listedAt);
  });

  test('start from a new first page after CI has refused the cursor', async () => {
    const { index, ci } = createFixture(3);
    ci.validator = '"1"';
    await index.read({ branch: 'branch-1' });
    ci.failure = 'not_found';
    ci.rerun('1');
    ci.now += FRESH_FOR;
    ci.calls = [];
    expect(await ci.attempt('branch-1')).toBe(2);
    ci.failure = undefined;
    ci.now += FRESH_FOR;
    await index.read({ branch: 'branch-1' });
    expect(ci.calls).toEqual(['changes 0', 'list', 'changes 1']);
  });

  test('that fail for another reason fail the refresh and continue from the same cursor', async () => {
    const { index, ci } = createFixture(3);
    await index.read({ branch: 'branch-1' });
    ci.failure = 'timeout';
    ci.rerun('1');
    ci.now += FRESH_FOR;
    ci.calls = [];
    expect(await index.read({ branch: 'branch-1' })).toMatchObject({ kind: 'failed' });
    ci.failure = undefined;
    ci.now += 60_000;
    expect(await ci.attempt('branch-1')).toBe(2);
    expect(ci.calls).toEqual(['changes 0', 'changes 0']);
  });
});
