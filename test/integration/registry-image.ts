import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { getContainerRuntimeClient, ImageName } from 'testcontainers';
import type { ContainerRuntimeClient } from 'testcontainers';
import type { Availability } from './containers.ts';

/** What `inject('registryImage')` gives: the name of an image that the engine holds, or why there is none. */
export type RegistryImage =
  { readonly available: true; readonly name: string } | Exclude<Availability, { available: true }>;

const ASSEMBLE = fileURLToPath(new URL('../fixtures/registry-image/assemble.sh', import.meta.url));
/** A pull takes seconds where Docker Hub can be reached; a network that swallows packets must not hold the tests up. */
const PULL_TIMEOUT_MS = 60_000;

/** In the order of preference. */
const SOURCES = [
  { image: ImageName.fromString('docker.io/library/registry:2'), obtain: pull },
  { image: ImageName.fromString('greenpin-test/registry:2'), obtain: build },
];

/**
 * The CNCF distribution registry as an image of the local engine: one that is there already, else the public one, else
 * one that is built from Debian's package (for machines that can pull nothing).
 *
 * @returns the image's name
 * @throws Error when it can be neither pulled nor built
 */
export async function provideRegistryImage(): Promise<string> {
  const client = await getContainerRuntimeClient();
  for (const { image } of SOURCES) {
    if (await client.image.exists(image)) return image.string;
  }
  const errors: unknown[] = [];
  for (const { image, obtain } of SOURCES) {
    try {
      await obtain(client, image);
      return image.string;
    } catch (error) {
      errors.push(error);
    }
  }
  throw new AggregateError(errors, 'the registry image could be neither pulled nor built');
}

async function pull(client: ContainerRuntimeClient, image: ImageName): Promise<void> {
  const timeout = delay(PULL_TIMEOUT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`${image.string} was not pulled in time`);
  });
  await Promise.race([client.image.pull(image), timeout]);
  await client.image.inspect(image);
}

async function build(client: ContainerRuntimeClient, image: ImageName): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'greenpin-registry-image-'));
  try {
    await promisify(execFile)('sh', [ASSEMBLE, context]);
    await client.image.build(context, { t: image.string, dockerfile: 'Dockerfile' });
    // A build that failed half way ends its stream like one that succeeded; the image tells which it was.
    await client.image.inspect(image);
  } finally {
    await rm(context, { recursive: true });
  }
}
