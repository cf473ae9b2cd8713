/**
 * Lists that change while they are read: calls are served and delivered in any order, with runs created and
 * deleted in between. What the index then says to know of a branch since some moment, it must know.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRunIndex, type RunIndex } from '../../src/runs/run-index.ts';
import type { Run } from '../../src/resolve/types.ts';
import { createRun } from '../fixtures/builders.ts';
import { countHistories, newestFirst, PAGE, pageOf, present, STYLES, type ProviderStyle } from './pages.ts';
import { isCovered } from '../../src/resolve/coverage.ts';
import type { CiProvider, Cursor, RunChanges } from '../../src/ci/provider.ts';
import type { UnreadRun } from '../../src/resolve/ports.ts';

const FRESH_FOR = 15_000;
const BRANCHES = Array.from({ length: 6 }, (_, index) => `branch-${index}`);
const RUNS_PER_SECOND = 4;
const NUMBER_OF_RUNS = Number(process.env['GREENPIN_MODEL_RUNS'] ?? 10_000) / 2;
const SEED = process.env['GREENPIN_MODEL_SEED'] ?? '20260101';

/** A call that CI has received: first it is served, then, perhaps much later, its answer arrives. */
interface Pending {
  readonly serve: () => void;
  readonly deliver: () => void;
  served: boolean;
  /** The newest run's number when the call was made. */
  readonly newest: number;
}

interface World {
  now: number;
  readonly style: ProviderStyle;
  runs: Run[];
  /** Numbers of the runs that were created, in that order. */
  readonly changes: string[];
  readonly odd: Map<string, Partial<UnreadRun>>;
  readonly lag: number;
  readonly pending: Pending[];
  readonly index: RunIndex;
}

/** @param lag how much too high CI's counts are, all the time: only their changes matter */
function createWorld(style: ProviderStyle, firstPages: number, lag: number): World {
  const pending: Pending[] = [];
  function ask<T>(compute: () => T): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>();
    let answer: T;
    pending.push({
      serve: () => (answer = compute()),
      deliver: () => resolve(answer),
      served: false,
      newest: world.changes.length,
    });
    return promise;
  }
  const provider: CiProvider = {
    host: 'ci.test',
    paging: style.paging,
    ...(style.paging === 'numbered' && { cursorOf: String }),
    repositoryKey: (gitRepository) => gitRepository,
    fetchRuns: (_repository, cursor, validator) =>
      ask(() => {
        const answer = { ...pageOf(world.runs, cursor, style, world), changes: String(world.changes.length) };
        return validator !== undefined && validator === answer.validator ? 'unchanged' : answer;
      }),
    ...(style.hasChanges && {
      fetchChanges: (_repository, since) => ask(() => changesOf(world, style, since)),
    }),
    fetchBranchRuns: (_repository, branch, cursor) =>
      ask(() =>
        pageOf(
          world.runs.filter((run) => run.branch === branch),
          cursor,
          style,
          world,
        ),
      ),
    fetchRun: (_repository, id) =>
      ask(() => world.runs.map(style.present).find((run) => run.id === id) ?? 'gone'),
    probe: async () => '',
  };
  const world: World = {
    now: 1_000_000_000,
    style,
    runs: [],
    changes: [],
    odd: new Map(),
    lag,
    pending,
    index: createRunIndex({
      provider,
      ciRepository: 'acme/shop',
      gitRepository: 'acme/shop',
      freshFor: () => FRESH_FOR,
      now: () => world.now,
      firstPages,
    }),
  };
  return world;
}

/** Creates up to four runs a second, which share a position. The list may be read between two of them. */
function push(world: World, branches: readonly number[]): void {
  for (const branch of branches) {
    const number = world.changes.length + 1;
    if (number % RUNS_PER_SECOND === 0) world.now += 1000;
    const run = createRun({ id: String(number), branch: BRANCHES[branch] ?? '', createdAt: world.now });
    world.runs = [...world.runs, run];
    world.changes.push(run.id);
  }
}

/**
 * Numbered pages without a total cannot show that a run came and went between two of them. No CI deletes a
 * run that fast.
 */
function mayBeDeleted(run: Run, { style, pending }: World): boolean {
  const oldest = Math.min(...pending.map(({ newest }) => newest));
  return style.hasTotal || style.paging === 'keyset' || Number(run.id) <= oldest;
}

/** A few changes at a time, those before the cursor included. */
function changesOf(world: World, style: ProviderStyle, since: Cursor): RunChanges {
  const start = Math.max(0, Number(since) - 1);
  const end = Math.min(start + PAGE, world.changes.length);
  const numbers = new Set(world.changes.slice(start, end));
  const runs = world.runs.filter(({ id }) => numbers.has(id));
  return { ...present(runs, style, world), next: String(end), more: end < world.changes.length };
}

/** Lets what has arrived be worked up, until nothing but calls is waited for. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

async function step(world: World, nth: number): Promise<void> {
  const call = world.pending[nth % Math.max(1, world.pending.length)];
  if (call === undefined) return;
  if (call.served) {
    world.pending.splice(world.pending.indexOf(call), 1);
    call.deliver();
  } else {
    call.serve();
    call.served = true;
  }
  await settle();
}

type Action = (world: World) => unknown;

const branch = fc.nat(BRANCHES.length - 1);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.array(branch, { minLength: 1, maxLength: 8 }).map((b) => (world: World) => push(world, b)),
  },
  {
    weight: 1,
    arbitrary: fc.nat(500).map((nth) => (world: World) => {
      const old = newestFirst(world.runs).filter((run) => mayBeDeleted(run, world));
      const gone = old[nth % Math.max(1, old.length)];
      world.runs = world.runs.filter((run) => run !== gone);
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(500), fc.constantFrom({}, { id: null }, { branch: null }))
      .map(([nth, remains]) => (world: World) => {
        const one = newestFirst(world.runs)[nth % Math.max(1, world.runs.length)];
        if (one !== undefined) world.odd.set(one.id, remains);
      }),
  },
  // The oldest, as CI's retention takes them.
  {
    weight: 1,
    arbitrary: fc.constant((world: World) => (world.runs = newestFirst(world.runs).slice(0, -1))),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(1000, FRESH_FOR, 30_000).map((ms) => (world: World) => (world.now += ms)),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(branch, fc.boolean()).map(([nth, further]) => async ({ index }: World) => {
      const name = BRANCHES[nth] ?? '';
      const canReach = index.peekBranch(name)?.coverage.kind === 'since';
      void (further && canReach ? index.readFurther({ branch: name }) : index.read({ branch: name }));
      await settle();
    }),
  },
  { weight: 10, arbitrary: fc.nat(20).map((nth) => (world: World) => step(world, nth)) },
);

/** What cannot be read is not known, but in doubt. */
function missing({ index, runs, odd, style }: World): string[] {
  return BRANCHES.flatMap((name) => {
    const known = index.peekBranch(name);
    if (known === undefined) return [];
    const has = new Set(known.runs.map((run) => run.id));
    return runs
      .filter((run) => run.branch === name && !odd.has(run.id))
      .map(style.present)
      .filter(({ id, position }) => isCovered(position, known.coverage) && !has.has(id))
      .map((run) => `run ${run.id} of ${name}`);
  });
}

test.each(STYLES)(
  `$name: random histories, and nothing that is said to be known is missing`,
  { timeout: 600_000 },
  async (style) => {
    const judged = fc.assert(
      fc.asyncProperty(
        fc.constantFrom(2, 3, 4),
        fc.constantFrom(0, 0, 1),
        fc.array(branch, { minLength: 2 * PAGE, maxLength: 12 * PAGE, size: 'max' }),
        fc.array(action, { minLength: 10, maxLength: 60, size: 'max' }),
        async (firstPages, lag, initial, actions) => {
          const world = createWorld(style, firstPages, lag);
          push(world, initial);
          for (const act of actions) await act(world);
          // All is delivered, and the listing once more: deletions since, and what was created, are learnt by
          // it.
          for (let calls = 0; world.pending.length > 0 && calls < 1000; calls++) await step(world, 0);
          world.now += 600_000;
          void world.index.read({ branch: 'branch-0' });
          await settle();
          for (let calls = 0; world.pending.length > 0 && calls < 1000; calls++) await step(world, 0);
          expect(missing(world)).toEqual([]);
        },
      ),
      { numRuns: countHistories(style, NUMBER_OF_RUNS), ...(SEED !== 'random' && { seed: Number(SEED) }) },
    );
    await expect(judged).resolves.toBeUndefined();
  },
);
