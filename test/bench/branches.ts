/**
 * The cost of many branches: the time of a serial pass, as Argo CD's matrix makes it, upstream calls in a
 * cycle, and memory. For comparison, the naive way: for each branch one call to CI, and one HEAD request per
 * image.
 */
import { createHarness, IMAGES, LATENCY_MS, type Harness } from './harness.ts';
import { alternate, measure, median, printRow } from './report.ts';
import type { Tree } from './tree.ts';
import type { Counts } from './upstream-server.ts';

const SIZES = (process.env['BENCH_BRANCHES'] ?? '10,100,1000,10000').split(',').map(Number);
/** Passes in a comparison of two trees: one pass takes seconds, and a single one is not significant. */
const COMPARED_ROUNDS = 3;
const CYCLE_MS = 30_000;
const MEMORY_BUDGET = { branches: 10_000, megabytes: 60 };
/** Runs and pull requests: one conditional call each. */
const CYCLE_CALLS_BUDGET = 2;

/**
 * Argo CD's matrix calls in the order in which the Git host lists pull requests: newest first, or any other.
 */
const ORDERED_SIZE = 1000;
const ORDERS: Readonly<Record<string, (branches: readonly number[]) => readonly number[]>> = {
  'newest first': (branches) => branches,
  'oldest first': (branches) => branches.toReversed(),
  shuffled: (branches) => shuffle(branches),
};
/** The naive way takes so long that a sample of branches stands for all. */
const NAIVE_SAMPLE = 20;

export async function benchBranches(trees: readonly Tree[]): Promise<void> {
  for (const size of SIZES) await benchSize(trees, size);
  console.log(
    `\n${ORDERED_SIZE} branches cold, by the order of the calls, ${LATENCY_MS} ms upstream latency:`,
  );
  for (const [label, order] of Object.entries(ORDERS)) {
    const seconds = await measureTrees(trees, (tree) =>
      withHarness(tree, ORDERED_SIZE, (harness) => callEach(harness, order(range(ORDERED_SIZE)))),
    );
    printRow({ label, values: seconds.map(median), unit: ' s', digits: 2, atMost: 4 });
  }
}

interface Pass {
  readonly cold: number;
  readonly warm: number;
  readonly naive: number;
  readonly coldCalls: Counts;
  readonly cycleCalls: Counts;
  readonly buildCalls: Counts;
  /** Megabytes over the idle process. */
  readonly memory: number;
}

async function benchSize(trees: readonly Tree[], size: number): Promise<void> {
  const passes = await measureTrees(trees, (tree) =>
    withHarness(tree, size, (each) => measurePass(each, size)),
  );
  const row = (label: string, pick: (pass: Pass) => number, digits: number, unit: string) => ({
    label,
    values: passes.map((rounds) => median(rounds.map(pick))),
    digits,
    unit,
  });
  console.log(`\n${size} branches, two images each, called serially, ${LATENCY_MS} ms upstream latency:`);
  printRow({
    ...row('cold', (pass) => pass.cold, 2, ' s'),
    ...(size === ORDERED_SIZE ? { atMost: 4 } : {}),
  });
  printRow(row('naive', (pass) => pass.naive, 1, ' s'));
  printRow(row('cold / naive', (pass) => pass.cold / pass.naive, 3, ''));
  printRow(row('warm, nothing new', (pass) => pass.warm, 2, ' s'));
  printRow({
    ...row('upstream calls in a cycle, nothing new', (pass) => sum(pass.cycleCalls), 0, ''),
    atMost: CYCLE_CALLS_BUDGET,
  });
  printRow({
    ...row('upstream calls in a cycle, one new build', (pass) => sum(pass.buildCalls), 0, ''),
    atMost: CYCLE_CALLS_BUDGET - 1 + IMAGES.length,
  });
  printRow({
    ...row('memory over the idle process', (pass) => pass.memory, 1, ' MB'),
    ...(size === MEMORY_BUDGET.branches ? { atMost: MEMORY_BUDGET.megabytes } : {}),
  });
  const [pass] = passes[0] ?? [];
  if (pass === undefined) return;
  console.log('  calls to CI + free of quota (304) + to the registry:');
  console.log(
    `    cold ${show(pass.coldCalls)}, a cycle ${show(pass.cycleCalls)}, new build ${show(pass.buildCalls)}`,
  );
}

function measureTrees<Value>(
  trees: readonly Tree[],
  run: (tree: Tree) => Promise<Value>,
): Promise<Value[][]> {
  return alternate(trees, { rounds: trees.length > 1 ? COMPARED_ROUNDS : 1 }, run);
}

async function withHarness<Value>(
  tree: Tree,
  branches: number,
  run: (harness: Harness) => Promise<Value>,
): Promise<Value> {
  await using harness = await createHarness(tree, { branches, projects: ['shop'] });
  return await run(harness);
}

async function measurePass(harness: Harness, size: number): Promise<Pass> {
  const idle = await harness.memory();
  const [cold, coldCalls] = await count(harness, () => callEach(harness, range(size)));
  await harness.pass(CYCLE_MS);
  const [warm, cycleCalls] = await count(harness, () => callEach(harness, range(size)));
  await harness.build('acme/shop', Math.floor(size / 2));
  await harness.pass(CYCLE_MS);
  const [, buildCalls] = await count(harness, () => callEach(harness, range(size)));
  const memory = ((await harness.memory()) - idle) / 1e6;
  return { cold, warm, naive: await measureNaive(harness, size), coldCalls, cycleCalls, buildCalls, memory };
}

/** @returns seconds */
async function callEach(harness: Harness, branches: readonly number[]): Promise<number> {
  const ms = await measure(async () => {
    for (const branch of branches) await harness.call({ branch: `branch-${branch}`, number: branch + 1 });
  });
  return ms / 1000;
}

/** Lists each branch's runs, and then requests both images. @returns seconds for all branches */
async function measureNaive({ callUpstream, upstream }: Harness, size: number): Promise<number> {
  const sample = Math.min(size, NAIVE_SAMPLE);
  const ms = await measure(async () => {
    for (let branch = 0; branch < sample; branch++) {
      await callUpstream('GET', `${upstream.githubUrl}/repos/acme/shop/actions/runs?branch=branch-${branch}`);
      for (const name of IMAGES) {
        await callUpstream(
          'HEAD',
          `http://${upstream.registryHost}/v2/acme/${name}/manifests/naive-${branch}`,
        );
      }
    }
  });
  return (ms / 1000 / sample) * size;
}

/** @returns the result of `work`, and the upstream calls during it */
async function count<Value>(harness: Harness, work: () => Promise<Value>): Promise<[Value, Counts]> {
  const before = await harness.counts();
  const value = await work();
  const { ci, free, registry } = await harness.counts();
  return [value, { ci: ci - before.ci, free: free - before.free, registry: registry - before.registry }];
}

function sum({ ci, free, registry }: Counts): number {
  return ci + free + registry;
}

function show({ ci, free, registry }: Counts): string {
  return `${ci} + ${free} + ${registry}`;
}

function range(size: number): number[] {
  return Array.from({ length: size }, (_, branch) => branch);
}

/** Fisher and Yates with a linear congruential generator: the same order in each run. */
function shuffle(branches: readonly number[]): number[] {
  const shuffled = [...branches];
  let state = 1;
  for (let last = shuffled.length - 1; last > 0; last--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other] ?? 0, shuffled[last] ?? 0];
  }
  return shuffled;
}
