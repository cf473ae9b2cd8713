/**
 * Time from starting the process to the first 200 of /readyz, with the default store. For comparison, the
 * start of Node alone.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../fixtures/network/free-port.ts';
import { waitUntilReady } from './harness.ts';
import { alternate, measure, median, printRow } from './report.ts';
import type { Tree } from './tree.ts';

const ROUNDS = 7;

export async function benchStart(trees: readonly Tree[]): Promise<void> {
  const times = await alternate(trees, { rounds: ROUNDS }, async (tree) => ({
    ready: await measureReady(tree),
    bare: await measure(() => once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit')),
  }));
  console.log(`\nStart to ready, medians of ${ROUNDS}:`);
  const ready = times.map((rounds) => median(rounds.map((round) => round.ready)));
  printRow({ label: 'greenpin serve', values: ready, unit: ' ms', atMost: 250 });
  const bare = median(times.flat().map((round) => round.bare));
  printRow({ label: 'node alone', values: [bare], unit: ' ms' });
}

async function measureReady({ main, section }: Tree): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-bench-'));
  const port = await findFreePort();
  const file = join(folder, 'greenpin.yaml');
  writeFileSync(file, describeConfig(section, port));
  const env = { ...process.env, GREENPIN_BENCH_TOKEN: 'bench-token' };
  const start = performance.now();
  const plugin = spawn(process.execPath, [main, 'serve', '--config', file], { stdio: 'ignore', env });
  try {
    await waitUntilReady(plugin, `http://127.0.0.1:${port}/readyz`);
    return performance.now() - start;
  } finally {
    if (plugin.exitCode === null) {
      plugin.kill();
      await once(plugin, 'exit');
    }
    rmSync(folder, { recursive: true });
  }
}

function describeConfig(section: Tree['section'], port: number): string {
  return `server: {host: 127.0.0.1, port: 0, tokenEnv: GREENPIN_BENCH_TOKEN}
management: {host: 127.0.0.1, port: ${port}}
${section}: {github: {kind: github}}
projects:
  shop: {repository: acme/shop, images: {front: "ghcr.io/acme/front:sha-{commit:7}"}}
`;
}
