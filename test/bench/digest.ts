/**
 * `greenpin digest` against `skopeo inspect` and `crane digest`: real processes, one registry, behind a relay that holds every
 * answer back by 50 ms, as a registry on the other side of a continent would.
 */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createFakeRegistry } from '../fixtures/registry/fake-registry.ts';
import { createRelay } from '../fixtures/network/relay.ts';
import { findTool, succeeds, type BuiltTool } from '../fixtures/built-tool.ts';
import { startCraneRegistry } from '../fixtures/registry/crane.ts';
import { imageManifest, LINUX_AMD64 } from '../fixtures/registry/images.ts';
import { createPusher } from '../fixtures/registry/push.ts';
import { buildGreenpin } from './build.ts';
import { median } from './median.ts';

const run = promisify(execFile);
const LATENCY_MS = 50;
const MANY = 100;
const ROUNDS = { one: 15, many: 3 };
/** What a script would do that does not want to wait for one after the other. */
const AT_ONCE = 8;

interface Client {
  readonly name: string;
  /** One process. */
  readonly resolve: (images: readonly string[]) => Promise<string>;
  /** Whether one process takes many images. */
  readonly takesMany: boolean;
}

export async function benchDigest(): Promise<void> {
  const build = await buildGreenpin();
  const crane = await findTool('crane', 'version', process.env);
  const registry = await startRegistry(crane);
  const relay = await createRelay(registry.port, LATENCY_MS);
  try {
    const images = registry.repositories.map((name) => `127.0.0.1:${relay.port}/${name}:v1`);
    const clients = await findClients(build, crane);
    console.log(`digest of an image, ${registry.title} behind ${LATENCY_MS} ms, medians`);
    await benchOne(clients, images);
    await benchMany(clients, images);
  } finally {
    rmSync(build, { recursive: true });
    await relay[Symbol.asyncDispose]();
    await registry.stop();
  }
}

async function startRegistry(crane: BuiltTool) {
  const repositories = Array.from({ length: MANY }, (_, i) => `acme/app-${i}`);
  if (!crane.available) {
    const fake = await createFakeRegistry();
    for (const repository of repositories) fake.push(repository, 'v1', imageManifest('oci', LINUX_AMD64, {}));
    const port = Number(fake.host.split(':')[1]);
    return { title: 'the fake registry', port, repositories, stop: () => fake.close() };
  }
  const registry = await startCraneRegistry(crane);
  const push = createPusher(registry.host);
  for (const repository of repositories) {
    await push(repository, 'v1', imageManifest('oci', LINUX_AMD64, { repository }));
  }
  const port = Number(registry.host.split(':')[1]);
  return { title: "crane's registry", port, repositories, stop: () => registry.stop() };
}

/** Those that this machine has; Greenpin first. */
async function findClients(build: string, crane: BuiltTool): Promise<Client[]> {
  const greenpin = join(build, 'dist/main.js');
  const clients: Client[] = [
    {
      name: 'greenpin digest',
      takesMany: true,
      resolve: (images) => execute(process.execPath, [greenpin, 'digest', ...images]),
    },
    {
      name: 'skopeo inspect',
      takesMany: false,
      resolve: ([image]) =>
        execute('skopeo', ['inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${image}`]),
    },
    {
      name: 'crane digest',
      takesMany: false,
      resolve: ([image = '']) => execute(crane.available ? crane.command : 'crane', ['digest', image]),
    },
  ];
  const installed = [true, await succeeds('skopeo', '--version'), crane.available];
  return clients.filter((_, i) => installed[i]);
}

async function execute(command: string, args: readonly string[]): Promise<string> {
  return (await run(command, [...args])).stdout.trim();
}

async function benchOne(clients: readonly Client[], images: readonly string[]): Promise<void> {
  const times = clients.map((): number[] => []);
  // Taken in turns: what else the machine does meets all alike. The first round warms up.
  for (let round = 0; round <= ROUNDS.one; round++) {
    const image = images.slice(round, round + 1);
    for (const [i, { resolve }] of clients.entries()) {
      const ms = await measure(() => resolve(image));
      if (round > 0) times[i]?.push(ms);
    }
  }
  print('1 image', clients, times.map(median));
}

async function benchMany(clients: readonly Client[], images: readonly string[]): Promise<void> {
  const serially = [];
  const together = [];
  for (const client of clients) {
    const rounds = client.takesMany ? ROUNDS.many : 1;
    serially.push(await repeat(rounds, () => resolveAll(client, images, 1)));
    together.push(await repeat(rounds, () => resolveAll(client, images, AT_ONCE)));
  }
  print(`${images.length} images, one process after the other`, clients, serially);
  print(`${images.length} images, ${AT_ONCE} processes at once`, clients, together);
}

/** In one process, if the client can do that. */
async function resolveAll(client: Client, images: readonly string[], atOnce: number): Promise<void> {
  if (client.takesMany) return void (await client.resolve(images));
  const left = [...images];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let image = left.shift(); image !== undefined; image = left.shift()) await client.resolve([image]);
    }),
  );
}

async function repeat(rounds: number, work: () => Promise<void>): Promise<number> {
  const times = [];
  for (let round = 0; round < rounds; round++) times.push(await measure(work));
  return median(times);
}

async function measure(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function print(title: string, clients: readonly Client[], times: readonly number[]): void {
  console.log(`  ${title}`);
  for (const [i, { name }] of clients.entries()) {
    const ms = times[i] ?? Number.NaN;
    const ratio = (ms / (times[0] ?? Number.NaN)).toFixed(2);
    console.log(
      `    ${name.padEnd(16)} ${ms.toFixed(0).padStart(6)} ms${i === 0 ? '' : `   ${ratio} times greenpin's`}`,
    );
  }
}
