/** Lists without a total, or without a cursor for each page. */
import { expect, test } from 'vitest';
import type { CiProvider, RunPage } from '../../../src/ci/provider.ts';
import { createRunIndex } from '../../../src/runs/run-index.ts';
import type { Run } from '../../../src/resolve/types.ts';
import { FRESH_FOR, ids, runsFrom } from '../../fixtures/runs/harness.ts';

const PAGE = 5;

interface Style {
  readonly paging: CiProvider['paging'];
  readonly hasTotal: boolean;
  readonly hasCursors: boolean;
}

function createFixture(initial: readonly Run[], { paging, hasTotal, hasCursors }: Style) {
  const ci = { runs: initial, calls: [] as string[] };
  function pageOf(runs: readonly Run[], cursor = '1'): RunPage {
    const end = Number(cursor) * PAGE;
    return {
      runs: runs.slice(end - PAGE, end),
      next: runs.length > end ? String(Number(cursor) + 1) : undefined,
      total: hasTotal ? runs.length : undefined,
    };
  }
  const provider: CiProvider = {
    host: 'ci.test',
    paging,
    cursorOf: hasCursors ? String : undefined,
    repositoryKey: (gitRepository) => gitRepository,
    async fetchRuns(_repository, cursor) {
      ci.calls.push(`list ${cursor ?? 1}`);
      return pageOf(ci.runs, cursor);
    },
    async fetchBranchRuns(_repository, branch, cursor) {
      ci.calls.push(`branch ${branch} ${cursor ?? 1}`);
      return pageOf(
        ci.runs.filter((run) => run.branch === branch),
        cursor,
      );
    },
    fetchRun: async () => 'gone',
    probe: async () => '',
  };
  const index = createRunIndex({
    provider,
    ciRepository: 'acme/shop',
    gitRepository: 'acme/shop',
    freshFor: () => FRESH_FOR,
    now: () => 1_000_000,
    firstPages: 3,
  });
  return { ci, index };
}

test.each([
  { paging: 'numbered', hasTotal: false, hasCursors: true },
  { paging: 'numbered', hasTotal: true, hasCursors: false },
  { paging: 'numbered', hasTotal: false, hasCursors: false },
] as const)('pages are read in turn, then again from the oldest one: %j', async (style) => {
  const { ci, index } = createFixture(runsFrom(1, 12).toReversed(), style);
  expect(await index.read({ branch: 'branch-1' })).toMatchObject({
    runs: [{ id: '1' }],
    coverage: { kind: 'complete' },
  });
  expect(ci.calls).toEqual(['list 1', 'list 2', 'list 3', 'list 2', 'list 1']);
});

test('keyset pages are read in turn, and only once', async () => {
  const style = { paging: 'keyset', hasTotal: true, hasCursors: false } as const;
  const { ci, index } = createFixture(runsFrom(1, 12).toReversed(), style);
  expect(await index.read({ branch: 'branch-1' })).toMatchObject({
    runs: [{ id: '1' }],
    coverage: { kind: 'complete' },
  });
  expect(ci.calls).toEqual(['list 1', 'list 2', 'list 3']);
});

test('pages of a branch are read again, since a deleted run makes the next page skip one', async () => {
  const newer = runsFrom(101, 120).toReversed();
  const initial = [...newer, ...runsFrom(1, 8, 'old').toReversed()];
  const { ci, index } = createFixture(initial, { paging: 'numbered', hasTotal: false, hasCursors: true });
  expect(ids(await index.read({ branch: 'old' }))).toEqual(['4', '5', '6', '7', '8']);
  ci.runs = ci.runs.filter(({ id }) => id !== '8');
  expect(ids(await index.readFurther({ branch: 'old' }))).toContain('3');
});
