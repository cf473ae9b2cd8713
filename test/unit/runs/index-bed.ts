/** A CI in memory before an index of its runs. */
import { createRunIndex, type RunIndex } from '../../../src/runs/run-index.ts';
import { UpstreamError, type UpstreamFailureKind } from '../../../src/errors.ts';
import type { BranchRuns, UnreadRun } from '../../../src/resolve/ports.ts';
import type { Run } from '../../../src/resolve/types.ts';
import { createRun, createPullRequestHead } from '../../fixtures/values.ts';
import { createReservingGitHost, type Quota } from '../../../src/ci/reserving-provider.ts';
import { createFakeGitHost } from '../../fixtures/fake-git-host.ts';
import type { CiProvider, Cursor, RunPage } from '../../../src/ci/provider.ts';

export const FRESH_FOR = 15_000;
const PAGE = 5;

/** Of thousands of runs, once for each state of them. */
const sortedOnce = new WeakMap<readonly Run[], { runs: Run[]; validator: string }>();

function sort(all: readonly Run[], byId: boolean): { runs: Run[]; validator: string } {
  const before = byId ? undefined : sortedOnce.get(all);
  if (before !== undefined) return before;
  const runs = all.toSorted((a, b) => (byId ? Number(b.id) - Number(a.id) : b.position - a.position));
  const sorted = { runs, validator: JSON.stringify(runs) };
  if (!byId) sortedOnce.set(all, sorted);
  return sorted;
}

interface ListOptions {
  readonly byId?: boolean;
  /** Runs that cannot be read, by id, and what of them can. */
  readonly odd?: ReadonlyMap<string, Partial<UnreadRun>>;
  /** Counts say so many more than there are. */
  readonly lag?: number;
  /** Lists end after so many runs, though there are more. */
  readonly limit?: number;
}

function page(all: readonly Run[], cursor: Cursor | undefined, options: ListOptions = {}): RunPage {
  const { number, createdBy } = parseCursor(cursor);
  const { byId = false, odd = new Map(), lag = 0, limit = Infinity } = options;
  const { runs, validator } = sort(all, byId);
  const shown = runs.slice((number - 1) * PAGE, Math.min(limit, number * PAGE));
  const more = Math.min(limit, runs.length) > number * PAGE;
  const unread = shown.flatMap((run) => (odd.has(run.id) ? [{ ...unreadOf(run), ...odd.get(run.id) }] : []));
  const cut = (number - 1) * PAGE + shown.length >= limit;
  return {
    runs: shown.filter(({ id }) => !odd.has(id)),
    next: cut
      ? `1 by ${shown.at(-1)?.position}`
      : more
        ? `${number + 1}${createdBy === Infinity ? '' : ` by ${createdBy}`}`
        : undefined,
    restarts: cut,
    total: runs.length + lag,
    validator: `${validator} ${JSON.stringify([...odd])}`,
    ...(unread.length > 0 && { unread }),
    ...(lag > 0 && !more && { short: true }),
  };
}

/** `2`, or `2 by 24000` for a list of the runs created then or before. */
function parseCursor(cursor: Cursor = '1'): { number: number; createdBy: number } {
  const [number, createdBy] = cursor.split(' by ');
  return { number: Number(number), createdBy: Number(createdBy ?? Infinity) };
}

function unreadOf({ id, branch, commit, position, tie, createdAt }: Run): UnreadRun {
  return { id, branch, commit, position, tie, createdAt, problem: 'a field path' };
}

/** A CI with small pages, a validator that changes with its runs, and a clock of its own. */
export function createFixture(initial: Run[] = [], firstPages = 1) {
  const fixture = {
    now: 1_000_000,
    runs: initial,
    calls: [] as string[],
    changed: [] as string[][],
    byId: false,
    odd: new Map<string, Partial<UnreadRun>>(),
    lag: 0,
    /** Of filtered lists. */
    limit: Infinity,
    /** CI's own; undefined: it does not tell. */
    clock: undefined as number | undefined,
    quotaIsLow: false,
    /** Calls that are no listings. */
    underWay: 0,
    refused: [] as number[],
    generation: 0,
    retryAfterMs: undefined as number | undefined,
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
    index: undefined as unknown as RunIndex,
  };
  async function called(call: string): Promise<void> {
    fixture.calls.push(call);
    await fixture.hold;
    if (fixture.failure !== undefined && fixture.failing(call)) {
      const { failure: kind, retryAfterMs } = fixture;
      const message = 'ci.test failed';
      throw new UpstreamError({ kind, host: 'ci.test', message, ...(retryAfterMs && { retryAfterMs }) });
    }
  }
  const provider: CiProvider = {
    host: 'ci.test',
    paging: 'numbered',
    cursorOf: String,
    repositoryKey: (gitRepository) => gitRepository,
    async fetchRuns(_repository, cursor, validator) {
      await called(`list ${cursor ?? 1}`);
      await fixture.beforeServing(`list ${cursor ?? 1}`);
      const { byId, odd, lag, clock } = fixture;
      const answer = page(fixture.runs, cursor, { byId, odd, lag });
      if (validator !== undefined && validator === answer.validator) return 'unchanged';
      return clock === undefined ? answer : { ...answer, clock };
    },
    async fetchBranchRuns(_repository, branch, cursor) {
      await called(`branch ${branch} ${cursor ?? 1}`);
      const { createdBy } = parseCursor(cursor);
      const { odd, lag, limit } = fixture;
      const runs = fixture.runs.filter((run) => run.branch === branch && run.position <= createdBy);
      return page(runs, cursor, { odd, lag, limit });
    },
    async fetchRun(_repository, id) {
      await called(`run ${id}`);
      await fixture.beforeServing(`run ${id}`);
      return fixture.runs.find((run) => run.id === id) ?? 'gone';
    },
    generation: () => fixture.generation,
    probe: () => Promise.resolve(''),
  };
  const quota: Quota = {
    isLow: () => fixture.quotaIsLow,
    began() {
      fixture.underWay += 1;
      return () => void (fixture.underWay -= 1);
    },
    refused: (forMs) => fixture.refused.push(forMs),
  };
  fixture.index = createRunIndex({
    provider,
    gitHost: createReservingGitHost(
      createFakeGitHost(async (_repository, number) => {
        await called(`pull request ${number}`);
        return createPullRequestHead({ origin: 'foreign' });
      }),
      quota,
    ),
    gitRepository: 'acme/shop',
    freshFor: () => FRESH_FOR,
    now: () => fixture.now,
    quota,
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
