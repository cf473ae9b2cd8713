/**
 * A branch that nobody has asked for, in a repository that nobody has asked for (design §6): from the call to the answer, against the
 * two round trips that must follow each other, CI's listing and then the images' HEADs side by side, made by hand in the same run.
 */
import { request, type Dispatcher } from 'undici';
import { createPluginBed, LATENCY, type PluginBed } from './bed.ts';
import { median } from './median.ts';

const ROUNDS = 20;
/** The first ones are for V8 and the connections. */
const WARM_UP = 3;
const BUDGET = 1.3;

/** Runs and prints the row. */
export async function benchColdResolve(): Promise<void> {
  const projects = Array.from({ length: ROUNDS + WARM_UP }, (_, i) => `shop-${i}`);
  const bed = await createPluginBed({ branches: 1, projects });
  try {
    const cold = [];
    const byHand = [];
    for (const project of projects) {
      cold.push(await timed(() => bed.call({ project, branch: 'branch-0' })));
      byHand.push(await timed(() => roundTrips(bed, project)));
    }
    const [ours, theirs] = [cold, byHand].map((times) => median(times.slice(WARM_UP)));
    const ratio = (ours ?? Number.NaN) / (theirs ?? Number.NaN);
    console.log(
      `\nCold resolve of one branch with two images, ${LATENCY} ms upstream latency, medians of ${ROUNDS}:`,
    );
    console.log(`  greenpin          ${ours?.toFixed(1)} ms`);
    console.log(`  two round trips   ${theirs?.toFixed(1)} ms`);
    console.log(`  ratio             ${ratio.toFixed(2)} (budget: at most ${BUDGET})`);
  } finally {
    bed.stop();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function roundTrips({ upstreamUrl, agent, images }: PluginBed, project: string): Promise<void> {
  await send('GET', `${upstreamUrl}/repos/acme/${project}/actions/runs?per_page=100`, agent);
  await Promise.all(
    images.map((name) => send('HEAD', `${upstreamUrl}/v2/acme/${name}/manifests/by-hand-${project}`, agent)),
  );
}

async function send(method: 'GET' | 'HEAD', url: string, dispatcher: Dispatcher): Promise<void> {
  const { body } = await request(url, { method, dispatcher });
  await body.dump();
}
