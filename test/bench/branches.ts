/**
 * What many branches cost (design §6): calls upstream in a cycle, the time of a serial pass as Argo CD's matrix makes it, memory; and
 * the naive way beside it, one call to CI and one HEAD an image for each branch.
 */
import { request } from 'undici';
import { createPluginBed, LATENCY, type Counts, type PluginBed } from './bed.ts';

const SIZES = (process.env['BENCH_BRANCHES'] ?? '10,100,1000,10000').split(',').map(Number);
const CYCLE_MS = 30_000;
/** In what order a first pass is made: Argo CD's matrix takes pull requests as the Git host lists them, which is the newest first or any other. */
const ORDERED_SIZE = 1000;
const ORDERS: Readonly<Record<string, (branches: readonly number[]) => readonly number[]>> = {
  'newest first': (branches) => branches,
  'oldest first': (branches) => branches.toReversed(),
  shuffled: (branches) => shuffle(branches),
};
/** The naive way takes so long that it is measured on some branches and multiplied. */
const NAIVE_SAMPLE = 20;

/** Runs and prints a row for each number of branches. */
export async function benchBranches(): Promise<void> {
  console.log(
    `\nMany branches, two images each, ${LATENCY} ms upstream latency, called one after the other:`,
  );
  console.log(
    ['branches', 'cold', 'naive', 'calls cold', 'warm', 'calls a cycle', 'one new build', 'memory']
      .map((cell) => cell.padStart(14))
      .join(''),
  );
  for (const size of SIZES) await benchSize(size);
  console.log(
    '  cold, naive, warm: seconds of a whole pass; calls: CI + free of quota (304) + registry; memory: MB over idle',
  );
  console.log(`\n${ORDERED_SIZE} branches cold, by the order of the calls (budget: under 4 s each):`);
  for (const [name, order] of Object.entries(ORDERS)) await benchOrder(name, order(range(ORDERED_SIZE)));
}

async function benchOrder(name: string, branches: readonly number[]): Promise<void> {
  const bed = await createPluginBed({ branches: branches.length, projects: ['shop'] });
  try {
    const [cold, calls] = await counted(bed, () => passOver(bed, branches));
    console.log(`  ${name.padEnd(14)}${cold.toFixed(2).padStart(8)} s, calls ${show(calls)}`);
  } finally {
    bed.stop();
  }
}

function range(size: number): number[] {
  return Array.from({ length: size }, (_, branch) => branch);
}

/** The same order in each run, by Fisher and Yates, with a linear congruential generator. */
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

async function benchSize(size: number): Promise<void> {
  const bed = await createPluginBed({ branches: size, projects: ['shop'] });
  try {
    const idle = await bed.memory();
    const [cold, coldCalls] = await counted(bed, () => pass(bed, size));
    await bed.pass(CYCLE_MS);
    const [warm, cycleCalls] = await counted(bed, () => pass(bed, size));
    await bed.build(Math.floor(size / 2));
    await bed.pass(CYCLE_MS);
    const [, buildCalls] = await counted(bed, () => pass(bed, size));
    const memory = (await bed.memory()) - idle;
    const naive = await naivePass(bed, size);
    const cells = [
      size,
      cold.toFixed(2),
      naive.toFixed(1),
      show(coldCalls),
      warm.toFixed(2),
      show(cycleCalls),
    ];
    console.log(
      [...cells, show(buildCalls), (memory / 1e6).toFixed(1)]
        .map((cell) => String(cell).padStart(14))
        .join(''),
    );
  } finally {
    bed.stop();
  }
}

function show({ ci, free, registry }: Counts): string {
  return `${ci} + ${free} + ${registry}`;
}

/** @returns seconds, and the calls that were made upstream meanwhile */
async function counted(bed: PluginBed, work: () => Promise<void>): Promise<[number, Counts]> {
  const before = await bed.counts();
  const seconds = await timed(work);
  const after = await bed.counts();
  return [
    seconds,
    { ci: after.ci - before.ci, free: after.free - before.free, registry: after.registry - before.registry },
  ];
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** As the matrix generator calls: one pull request after the other. */
async function pass(bed: PluginBed, size: number): Promise<void> {
  await passOver(bed, range(size));
}

async function passOver(bed: PluginBed, branches: readonly number[]): Promise<void> {
  for (const branch of branches) await bed.call({ branch: `branch-${branch}`, number: branch + 1 });
}

/** For each branch, CI is asked for its runs, and then the registry for both images. @returns seconds */
async function naivePass({ upstreamUrl, agent, images }: PluginBed, size: number): Promise<number> {
  const sample = Math.min(size, NAIVE_SAMPLE);
  const seconds = await timed(async () => {
    for (let branch = 0; branch < sample; branch++) {
      await send('GET', `/repos/acme/shop/actions/runs?branch=branch-${branch}`);
      for (const name of images) await send('HEAD', `/v2/acme/${name}/manifests/sha-${branch}`);
    }
  });
  return (seconds / sample) * size;

  async function send(method: 'GET' | 'HEAD', path: string): Promise<void> {
    const { body } = await request(`${upstreamUrl}${path}`, { method, dispatcher: agent });
    await body.dump();
  }
}
