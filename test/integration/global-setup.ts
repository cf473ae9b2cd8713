import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { findTool, type BuiltTool } from '../fixtures/built-tool.ts';
import type { Availability } from '../fixtures/containers/engine.ts';
import { containerEngine, containersRequired, missing } from '../fixtures/containers/engine.ts';
import type { RegistryImage } from '../fixtures/registry/distribution.ts';
import { provideRegistryImage } from '../fixtures/registry/distribution.ts';
import { skopeoVersion } from '../fixtures/registry/skopeo.ts';
import { redisVersion } from '../fixtures/store/redis-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    registryImage: RegistryImage;
    docker: Availability;
    skopeo: Availability;
    redis: Availability;
    crane: BuiltTool;
    curl: Availability;
    actionlint: BuiltTool;
  }
}

/**
 * Finds out once what this machine can run, and says in one line what is left out, and how to get it.
 *
 * @throws Error when something is missing and `GREENPIN_REQUIRE_CONTAINERS=1`
 */
export default async function setup(project: TestProject): Promise<void> {
  const registryImage = await findRegistryImage();
  const docker = await find('docker', () => promisify(execFile)('docker', ['--version']));
  const skopeo = await find('skopeo', skopeoVersion);
  const redis = await find('redis-server', redisVersion);
  const crane = await findTool('crane', 'version', process.env);
  const curl = await find('curl', () => promisify(execFile)('curl', ['--version']));
  const actionlint = await findTool('actionlint', '-version', process.env);
  for (const tool of [crane, actionlint]) {
    if (!tool.available && containersRequired()) throw missing(tool.reason, undefined);
  }
  project.provide('registryImage', registryImage);
  project.provide('docker', docker);
  project.provide('skopeo', skopeo);
  project.provide('redis', redis);
  project.provide('crane', crane);
  project.provide('curl', curl);
  project.provide('actionlint', actionlint);
  const leftOut = [
    ...(registryImage.available ? [] : [`tests in containers (${registryImage.reason})`]),
    ...(docker.available || !registryImage.available ? [] : [`tests of the image (${docker.reason})`]),
    ...(redis.available ? [] : [`tests with Redis (${redis.reason})`]),
    ...(skopeo.available ? [] : [`comparison with skopeo (${skopeo.reason})`]),
    ...(crane.available ? [] : [`comparison with crane, and its registry (${crane.reason})`]),
    ...(curl.available ? [] : [`commands that are shown with curl (${curl.reason})`]),
    ...(actionlint.available ? [] : [`actionlint of the workflows (${actionlint.reason})`]),
  ];
  if (leftOut.length > 0)
    console.log(`Left out: ${leftOut.join('; ')}. CONTRIBUTING.md, "Set up", brings them`);
}

async function findRegistryImage(): Promise<RegistryImage> {
  const engine = await containerEngine();
  if (!engine.available) return engine;
  try {
    return { available: true, name: await provideRegistryImage() };
  } catch (error) {
    if (containersRequired()) throw error;
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

async function find(command: string, version: () => Promise<unknown>): Promise<Availability> {
  try {
    await version();
    return { available: true };
  } catch (error) {
    if (containersRequired()) throw missing(`${command} is not installed`, error);
    return { available: false, reason: `${command} is not installed` };
  }
}
