/** A CI in memory before an index of its runs. */
import { createRunIndex } from '../../../src/cache/run-index.ts';
import { UpstreamError, type UpstreamFailureKind } from '../../../src/errors.ts';
import type { BranchRuns, CiProvider, RunPage, RunSource } from '../../../src/resolve/ports.ts';
import type { Run } from '../../../src/resolve/types.ts';
import { createRun } from '../../fixtures/values.ts';

export const FRESH_FOR = 15_000;
const PAGE = 5;

interface Sorted {
  readonly byTime: readonly Run[];
  readonly byId: readonly Run[];
  readonly validator: string;
}

/** Of each list once: a test may be served thousands of pages of the same one. */
const sortedLists = new WeakMap<readonly Run[], Sorted>();

function sortList(all: readonly Run[]): Sorted {
  const known = sortedLists.get(all);
  if (known !== undefined) return known;
  const sorted = {
    byTime: all.toSorted((a, b) => b.createdAt - a.createdAt),
    byId: all.toSorted((a, b) => Number(b.id) - Number(a.id)),
    validator: JSON.stringify(all),
  };
  sortedLists.set(all, sorted);
  return sorted;
}

function page(all: readonly Run[], number: number, order: 'byTime' | 'byId' = 'byTime'): RunPage {
  const { [order]: sorted, validator } = sortList(all);
  return {
    runs: sorted.slice((number - 1) * PAGE, number * PAGE),
    more: sorted.length > number * PAGE,
    total: sorted.length,
    validator: `${order} ${validator}`,
  };
}

/** A CI with small pages, a validator that changes with its runs, and a clock of its own. */
export function createFixture(runs: Run[] = [], firstPages = 1) {
  const fixture = {
    now: 1_000_000,
    runs,
    calls: [] as string[],
    changed: [] as string[][],
    byId: false,
    failure: undefined as UpstreamFailureKind | undefined,
    failing: (_call: string): boolean => true,
    hold: undefined as Promise<void> | undefined,
    /** Happens between a page's being asked for and its being served. */
    beforeServing: async (_call: string): Promise<void> => undefined,
    add: (...added: Run[]) => void (fixture.runs = [...added, ...fixture.runs]),
    update: (id: string, change: Partial<Run>) => {
      fixture.runs = fixture.runs.map((run) =>
        run.id === id ? { ...run, updatedAt: run.updatedAt + 1, ...change } : run,
      );
    },
    index: undefined as unknown as RunSource,
  };
  async function called(call: string): Promise<void> {
    fixture.calls.push(call);
    await fixture.hold;
    if (fixture.failure !== undefined && fixture.failing(call)) {
      throw new UpstreamError({ kind: fixture.failure, host: 'ci.test', message: 'ci.test failed' });
    }
  }
  const provider: CiProvider = {
    host: 'ci.test',
    async fetchRuns(_repository, number, validator) {
      await called(`list ${number}`);
      await fixture.beforeServing(`list ${number}`);
      const answer = page(fixture.runs, number, fixture.byId ? 'byId' : 'byTime');
      return validator !== undefined && validator === answer.validator ? 'unchanged' : answer;
    },
    async fetchBranchRuns(_repository, branch, number) {
      await called(`branch ${branch} ${number}`);
      return page(
        fixture.runs.filter((run) => run.branch === branch),
        number,
      );
    },
    async fetchRun(_repository, id) {
      await called(`run ${id}`);
      return fixture.runs.find((run) => run.id === id) ?? 'gone';
    },
    async fetchPullRequest(_repository, number) {
      await called(`pull request ${number}`);
      return { kind: 'known', foreign: true, headRepositoryId: '666' };
    },
    probe: () => Promise.resolve(''),
  };
  fixture.index = createRunIndex({
    provider,
    gitRepository: 'acme/shop',
    freshFor: () => FRESH_FOR,
    now: () => fixture.now,
    firstPages,
    onChanged: (branches) => fixture.changed.push([...branches]),
  });
  return fixture;
}

/** Runs `from` to `to`, one a second, on branches of their own unless said otherwise. */
export function runsFrom(from: number, to: number, branch?: string): Run[] {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const id = String(from + i);
    return createRun({ id, branch: branch ?? `branch-${id}` });
  });
}
export function ids(known: BranchRuns): string[] | string {
  return known.kind === 'failed' ? known.failure.kind : known.runs.map((run) => run.id).toSorted();
}
