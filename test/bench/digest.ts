/**
 * `greenpin digest` compared with `skopeo inspect` and `crane digest`: real processes and one registry,
 * behind a relay that delays every response by 50 ms, like a registry on another continent.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Image } from '../../src/cli/demo/image-store.ts';
import { findTool, succeeds, type BuiltTool } from '../fixtures/built-tool.ts';
import { createRelay } from '../fixtures/network/relay.ts';
import { startCraneRegistry } from '../fixtures/registry/crane.ts';
import { createFakeRegistry } from '../fixtures/registry/fake-registry.ts';
import { imageManifest, LINUX_AMD64 } from '../fixtures/registry/images.ts';
import { createPusher } from '../fixtures/registry/push.ts';
import { LATENCY_MS } from './harness.ts';
import { alternate, measure, median, printRow } from './report.ts';
import type { Tree } from './tree.ts';

const run = promisify(execFile);
const MANY = 100;
const ROUNDS = { one: 15, many: 3 };
/** Concurrent processes, for a script that resolves images in parallel. */
const CONCURRENCY = 8;

interface Client {
  readonly name: string;
  /** Runs one process with one or more images. */
  readonly resolve: (images: readonly string[]) => Promise<unknown>;
  /** Whether one process accepts several images. */
  readonly takesMany: boolean;
}

export async function benchDigest(trees: readonly Tree[]): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const crane = await findTool('crane', 'version', process.env);
  const repositories = Array.from({ length: MANY }, (_, i) => `acme/app-${i}`);
  const registry = await startRegistry(crane, repositories);
  stack.defer(() => registry.stop());
  const relay = stack.use(await createRelay(Number(registry.host.split(':')[1]), LATENCY_MS));
  const images = repositories.map((name) => `127.0.0.1:${relay.port}/${name}:v1`);
  const greenpins = trees.map(createGreenpin);
  const clients = [...greenpins, ...(await findOthers(crane))];

  console.log(`\ndigest of an image, ${registry.title} behind ${LATENCY_MS} ms, medians of ${ROUNDS.one}:`);
  const one = await alternate(clients, { rounds: ROUNDS.one, warmUp: 1 }, ({ resolve }, round) =>
    measure(() => resolve(images.slice(round, round + 1))),
  );
  print(clients, one.map(median), greenpins.length, 1);

  console.log(`\ndigest of ${MANY} images, one process after the other where one process takes one image:`);
  const serial = await measureMany(clients, images, 1);
  print(clients, serial, greenpins.length, 1 / 20);
  console.log(`\ndigest of ${MANY} images, up to ${CONCURRENCY} processes at once:`);
  print(clients, await measureMany(clients, images, CONCURRENCY), greenpins.length);
}

async function startRegistry(crane: BuiltTool, repositories: readonly string[]) {
  if (!crane.available) {
    const fake = await createFakeRegistry();
    for (const repository of repositories) fake.push(repository, 'v1', createImage(repository));
    return { title: 'the fake registry', host: fake.host, stop: () => fake.close() };
  }
  const served = await startCraneRegistry(crane);
  const push = createPusher(served.host);
  for (const repository of repositories) await push(repository, 'v1', createImage(repository));
  return { title: "crane's registry", host: served.host, stop: () => served.stop() };
}

function createImage(repository: string): Image {
  return imageManifest('oci', LINUX_AMD64, { repository });
}

function createGreenpin({ main }: Tree): Client {
  const resolve = (images: readonly string[]) => run(process.execPath, [main, 'digest', ...images]);
  return { name: 'greenpin digest', takesMany: true, resolve };
}

/** @returns the other clients on this machine */
async function findOthers(crane: BuiltTool): Promise<Client[]> {
  const inspect = ['inspect', '--tls-verify=false', '--format', '{{.Digest}}'];
  const clients: Client[] = [];
  if (await succeeds('skopeo', '--version')) {
    const resolve = ([image]: readonly string[]) => run('skopeo', [...inspect, `docker://${image}`]);
    clients.push({ name: 'skopeo inspect', takesMany: false, resolve });
  }
  if (crane.available) {
    const resolve = ([image = '']: readonly string[]) => run(crane.command, ['digest', image]);
    clients.push({ name: 'crane digest', takesMany: false, resolve });
  }
  return clients;
}

async function measureMany(
  clients: readonly Client[],
  images: readonly string[],
  concurrency: number,
): Promise<number[]> {
  const medians = [];
  for (const client of clients) {
    const times = [];
    // A hundred processes already average out.
    for (let round = 0; round < (client.takesMany ? ROUNDS.many : 1); round++) {
      times.push(await measure(() => resolveAll(client, images, concurrency)));
    }
    medians.push(median(times));
  }
  return medians;
}

async function resolveAll(client: Client, images: readonly string[], concurrency: number): Promise<void> {
  if (client.takesMany) return void (await client.resolve(images));
  const left = [...images];
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let image = left.shift(); image !== undefined; image = left.shift()) await client.resolve([image]);
    }),
  );
}

/**
 * @param own number of clients, at the front of the list, that are Greenpin
 * @param atMost the budget: Greenpin's time as a fraction of crane's
 */
function print(clients: readonly Client[], times: readonly number[], own: number, atMost?: number): void {
  printRow({ label: 'greenpin digest', values: times.slice(0, own), unit: ' ms' });
  for (const [i, { name }] of clients.entries()) {
    if (i < own) continue;
    const ms = times[i] ?? Number.NaN;
    printRow({ label: name, values: [ms], unit: ' ms' });
    const ratios = times.slice(0, own).map((each) => each / ms);
    const budget = atMost !== undefined && name.startsWith('crane') ? { atMost } : {};
    printRow({ label: `greenpin / ${name}`, values: ratios, digits: 3, ...budget });
  }
}
