/** From the start of the process to the first 200 of /readyz (design §6), with what Node alone takes beside it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { buildGreenpin } from './build.ts';
import { median } from './median.ts';
import { findFreePort } from '../fixtures/network/free-port.ts';

const ROUNDS = 7;
const BUDGET_MS = 1000;
const POLL_MS = 2;
const PATIENCE_MS = 30_000;

/** Runs and prints the row. */
export async function benchStart(): Promise<void> {
  const folder = await buildGreenpin();
  try {
    const ready = [];
    const bare = [];
    for (let round = 0; round < ROUNDS; round++) {
      ready.push(await timeToReady(folder));
      bare.push(await timeOfNode());
    }
    console.log(`\nStart to ready, medians of ${ROUNDS}:`);
    console.log(`  greenpin serve    ${median(ready).toFixed(0)} ms (budget: under ${BUDGET_MS})`);
    console.log(`  node alone        ${median(bare).toFixed(0)} ms`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** With the default store, as a user has it. @returns milliseconds */
async function timeToReady(folder: string): Promise<number> {
  const port = await findFreePort();
  const file = join(folder, 'greenpin.yaml');
  writeFileSync(file, describeConfig(port));
  const env = { ...process.env, GREENPIN_BENCH_TOKEN: 'bench-token' };
  const start = performance.now();
  const args = [join(folder, 'dist/main.js'), 'serve', '--config', file];
  const plugin = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'ignore'], env });
  try {
    while (!(await isReady(port))) {
      if (plugin.exitCode !== null) throw new Error(`greenpin serve ended with status ${plugin.exitCode}`);
      if (performance.now() - start > PATIENCE_MS) throw new Error('greenpin serve is not ready');
      await delay(POLL_MS);
    }
    return performance.now() - start;
  } finally {
    if (plugin.exitCode === null) {
      plugin.kill();
      await once(plugin, 'exit');
    }
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/readyz`, { reset: true });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

function describeConfig(port: number): string {
  return `server: {host: 127.0.0.1, port: 0, tokenEnv: GREENPIN_BENCH_TOKEN}
management: {host: 127.0.0.1, port: ${port}}
connections: {github: {kind: github}}
projects:
  shop: {repository: acme/shop, images: {front: "ghcr.io/acme/front:sha-{commit:7}"}}
`;
}

async function timeOfNode(): Promise<number> {
  const start = performance.now();
  const node = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await once(node, 'exit');
  return performance.now() - start;
}
