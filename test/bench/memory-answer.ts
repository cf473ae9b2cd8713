/** Requests per second with the answer in memory, against a bare Fastify route with the same authentication, body and response. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import autocannon from 'autocannon';
import { createBody, createHarness, PATH, TOKEN } from './harness.ts';
import { alternate, median, printRow } from './report.ts';
import type { Tree } from './tree.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 3);
const CONNECTIONS = 16;
const BRANCHES = Array.from({ length: 1000 }, (_, branch) => ({
  branch: `branch-${branch}`,
  number: branch + 1,
}));

export async function benchMemoryAnswer(trees: readonly Tree[]): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const options = { branches: BRANCHES.length, projects: ['shop'], latencyMs: 0, freshFor: '1h' };
  const urls: string[] = [];
  let response = '';
  for (const tree of trees) {
    const harness = stack.use(await createHarness(tree, options));
    for (const parameters of BRANCHES) response = await harness.call(parameters);
    urls.push(harness.url);
  }
  const bare = fork(new URL('./bare-server.ts', import.meta.url));
  stack.defer(() => bare.disconnect());
  bare.send(response);
  const [port] = (await once(bare, 'message')) as [number];
  urls.push(`http://127.0.0.1:${port}`);

  const rates = await alternate(urls, { rounds: ROUNDS, warmUp: 1 }, measureRate);
  console.log(`\nAnswer in memory, medians of ${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections:`);
  const bareRates = rates.pop() ?? [];
  printRow({ label: 'Greenpin, requests per second', values: rates.map(median) });
  printRow({ label: 'bare Fastify route', values: [median(bareRates)] });
  const ratios = rates.map((each) => median(each) / median(bareRates));
  printRow({ label: 'Greenpin / bare route', values: ratios, digits: 3, atLeast: 0.95 });
}

/** @throws Error when any response is not a 2xx */
async function measureRate(url: string): Promise<number> {
  const { requests, duration, non2xx, errors } = await autocannon({
    url: url + PATH,
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    requests: BRANCHES.map((parameters) => ({ body: createBody(parameters) })),
    connections: CONNECTIONS,
    duration: SECONDS,
  });
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} calls failed`);
  return requests.total / duration;
}
