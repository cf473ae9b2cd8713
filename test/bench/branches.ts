/**
 * What many branches cost (design §6): calls upstream in a cycle, the time of a serial pass as Argo CD's matrix makes it, memory; and
 * the naive way beside it, one call to CI and one HEAD an image for each branch.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';

const SIZES = (process.env['BENCH_BRANCHES'] ?? '10,100,1000,10000').split(',').map(Number);
const LATENCY = 50;
const CYCLE_MS = 30_000;
const IMAGES = ['front', 'back'];
const TOKEN = 'bench-token';
/** The naive way takes so long that it is measured on some branches and multiplied. */
const NAIVE_SAMPLE = 20;

interface Counts {
  readonly ci: number;
  /** 304: free of quota. */
  readonly free: number;
  readonly registry: number;
}

interface Bed {
  readonly upstream: ChildProcess;
  readonly upstreamPort: number;
  readonly plugin: ChildProcess;
  readonly pluginUrl: string;
  readonly agent: Agent;
  stop(): void;
}

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
}

async function benchSize(size: number): Promise<void> {
  const bed = await createBed(size);
  try {
    const idle = await ask<number>(bed.plugin, { kind: 'memory' });
    const [cold, coldCalls] = await counted(bed, () => pass(bed, size));
    await ask(bed.plugin, { kind: 'pass', milliseconds: CYCLE_MS });
    const [warm, cycleCalls] = await counted(bed, () => pass(bed, size));
    await ask(bed.upstream, { kind: 'build', branch: Math.floor(size / 2) });
    await ask(bed.plugin, { kind: 'pass', milliseconds: CYCLE_MS });
    const [, buildCalls] = await counted(bed, () => pass(bed, size));
    const memory = (await ask<number>(bed.plugin, { kind: 'memory' })) - idle;
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

async function createBed(size: number): Promise<Bed> {
  const upstream = fork(new URL('./upstream-server.ts', import.meta.url), [String(size), String(LATENCY)]);
  const [upstreamPort] = (await once(upstream, 'message')) as [number];
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-bench-'));
  writeFileSync(join(folder, 'token'), TOKEN);
  const file = join(folder, 'greenpin.yaml');
  writeFileSync(file, describeConfig(upstreamPort));
  const plugin = fork(new URL('./plugin-server.ts', import.meta.url), [file], { execArgv: ['--expose-gc'] });
  const [pluginUrl] = (await once(plugin, 'message')) as [string];
  return {
    upstream,
    upstreamPort,
    plugin,
    pluginUrl,
    agent: new Agent(),
    stop() {
      upstream.disconnect();
      plugin.disconnect();
      rmSync(folder, { recursive: true });
    },
  };
}

function describeConfig(port: number): string {
  return `server: {host: 127.0.0.1, port: 0, tokenFile: token}
management: {host: 127.0.0.1, port: 0}
store: {kind: memory}
ci: {github: {kind: github, url: "http://127.0.0.1:${port}"}}
projects:
  shop:
    repository: acme/shop
    workflows: [.github/workflows/build.yml]
    images: {${IMAGES.map((name) => `${name}: "127.0.0.1:${port}/acme/${name}:sha-{commit:7}"`).join(', ')}}
`;
}

async function ask<Answer>(child: ChildProcess, order: object): Promise<Answer> {
  child.send(order);
  const [answer] = (await once(child, 'message')) as [Answer];
  return answer;
}

/** @returns seconds, and the calls that were made upstream meanwhile */
async function counted(bed: Bed, work: () => Promise<void>): Promise<[number, Counts]> {
  const before = await ask<Counts>(bed.upstream, { kind: 'counts' });
  const seconds = await timed(work);
  const after = await ask<Counts>(bed.upstream, { kind: 'counts' });
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
async function pass({ pluginUrl, agent }: Bed, size: number): Promise<void> {
  for (let branch = 0; branch < size; branch++) {
    const { statusCode, body } = await request(`${pluginUrl}/api/v1/getparams.execute`, {
      dispatcher: agent,
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ input: { parameters: { branch: `branch-${branch}`, number: branch + 1 } } }),
    });
    const text = await body.text();
    if (statusCode !== 200 || !text.includes('digestFront')) throw new Error(`HTTP ${statusCode}: ${text}`);
  }
}

/** For each branch, CI is asked for its runs, and then the registry for both images. @returns seconds */
async function naivePass({ upstreamPort, agent }: Bed, size: number): Promise<number> {
  const sample = Math.min(size, NAIVE_SAMPLE);
  const seconds = await timed(async () => {
    for (let branch = 0; branch < sample; branch++) {
      await send('GET', `/repos/acme/shop/actions/runs?branch=branch-${branch}`);
      for (const name of IMAGES) await send('HEAD', `/v2/acme/${name}/manifests/sha-${branch}`);
    }
  });
  return (seconds / sample) * size;

  async function send(method: 'GET' | 'HEAD', path: string): Promise<void> {
    const url = `http://127.0.0.1:${upstreamPort}${path}`;
    const { body } = await request(url, { method, dispatcher: agent });
    await body.dump();
  }
}
