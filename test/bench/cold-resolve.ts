/**
 * The first call for a branch in a repository that Greenpin has not read yet, compared with the two necessary
 * round trips: CI's listing, and then the HEAD requests for both images in parallel, which this process makes
 * itself.
 */
import { createHarness, IMAGES, LATENCY_MS, type Harness } from './harness.ts';
import { alternate, measure, median, printRow } from './report.ts';
import type { Tree } from './tree.ts';

const ROUNDS = 20;
/** The first rounds warm up V8 and the connections. */
const WARM_UP = 3;

export async function benchColdResolve(trees: readonly Tree[]): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const projects = Array.from({ length: ROUNDS + WARM_UP }, (_, i) => `shop-${i}`);
  const harnesses: Harness[] = [];
  for (const tree of trees) harnesses.push(stack.use(await createHarness(tree, { branches: 1, projects })));
  const times = await alternate(harnesses, { rounds: ROUNDS, warmUp: WARM_UP }, async (harness, round) => ({
    cold: await measure(() => harness.call({ project: projects[round], branch: 'branch-0' })),
    byHand: await measure(() => makeRoundTrips(harness, projects[round] ?? '')),
  }));
  console.log(
    `\nCold resolve, one branch, two images, ${LATENCY_MS} ms upstream latency, medians of ${ROUNDS}:`,
  );
  const medians = times.map((rounds) => ({
    cold: median(rounds.map(({ cold }) => cold)),
    byHand: median(rounds.map(({ byHand }) => byHand)),
  }));
  printRow({ label: 'Greenpin', values: medians.map(({ cold }) => cold), unit: ' ms', digits: 1 });
  printRow({ label: 'two round trips', values: medians.map(({ byHand }) => byHand), unit: ' ms', digits: 1 });
  const ratios = medians.map(({ cold, byHand }) => cold / byHand);
  printRow({ label: 'Greenpin / two round trips', values: ratios, digits: 2, atMost: 1.1 });
}

async function makeRoundTrips({ callUpstream, upstream }: Harness, project: string): Promise<void> {
  const { githubUrl, registryHost } = upstream;
  await callUpstream('GET', `${githubUrl}/repos/acme/${project}/actions/runs?per_page=100`);
  await Promise.all(
    IMAGES.map((name) =>
      callUpstream('HEAD', `http://${registryHost}/v2/acme/${name}/manifests/by-hand-${project}`),
    ),
  );
}
