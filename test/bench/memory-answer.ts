/**
 * Requests per second with the answer in memory, compared with a bare Fastify route with the same
 * authentication, body and response.
 */
import { fork } from 'node:child_process';
import autocannon from 'autocannon';
import { ask, createBody, createHarness, PATH, TOKEN } from './harness.ts';
import { alternate, median, printRow } from './report.ts';
import type { Tree } from './tree.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 3);
const CONNECTIONS = 16;
const BRANCHES = Array.from({ length: 1000 }, (_, branch) => ({
  branch: `branch-${branch}`,
  number: branch + 1,
}));

interface Subject {
  readonly url: string;
  /** @returns the process's CPU time so far, in microseconds */
  readonly cpu: () => Promise<number>;
}

interface Round {
  readonly rate: number;
  /** Microseconds. Less affected by other load than the rate. */
  readonly cpu: number;
}

export async function benchMemoryAnswer(trees: readonly Tree[]): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const options = { branches: BRANCHES.length, projects: ['shop'], latencyMs: 0, freshFor: '1h' };
  const subjects: Subject[] = [];
  let response = '';
  for (const tree of trees) {
    const harness = stack.use(await createHarness(tree, options));
    for (const parameters of BRANCHES) response = await harness.call(parameters);
    subjects.push(harness);
  }
  const bare = fork(new URL('./bare-server.ts', import.meta.url));
  stack.defer(() => bare.disconnect());
  const port = await ask<number>(bare, { response });
  subjects.push({ url: `http://127.0.0.1:${port}`, cpu: () => ask<number>(bare, {}) });
  report(await alternate(subjects, { rounds: ROUNDS, warmUp: 1 }, measureRound));
}

/** @param rounds rounds for each tree, and for the bare route at the end */
function report(rounds: readonly (readonly Round[])[]): void {
  console.log(`\nAnswer in memory, medians of ${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections:`);
  const rates = rounds.map((each) => median(each.map(({ rate }) => rate)));
  const cpus = rounds.map((each) => median(each.map(({ cpu }) => cpu)));
  const bareRate = rates.pop() ?? Number.NaN;
  const bareCpu = cpus.pop() ?? Number.NaN;
  printRow({ label: 'Greenpin, requests per second', values: rates });
  printRow({ label: 'bare Fastify route', values: [bareRate] });
  const ratios = rates.map((rate) => rate / bareRate);
  printRow({ label: 'Greenpin / bare route', values: ratios, digits: 3, atLeast: 0.95 });
  printRow({ label: 'Greenpin, CPU per request', values: cpus, unit: ' us', digits: 1 });
  printRow({ label: 'bare Fastify route', values: [bareCpu], unit: ' us', digits: 1 });
}

/** @throws Error if a response is not a 2xx */
async function measureRound({ url, cpu }: Subject): Promise<Round> {
  const before = await cpu();
  const { requests, duration, non2xx, errors } = await autocannon({
    url: url + PATH,
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    requests: BRANCHES.map((parameters) => ({ body: createBody(parameters) })),
    connections: CONNECTIONS,
    duration: SECONDS,
  });
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} calls failed`);
  return { rate: requests.total / duration, cpu: ((await cpu()) - before) / requests.total };
}
