import type { TestProject } from 'vitest/node';
import type { Availability } from './containers.ts';
import { containerEngine, containersRequired, missing } from './containers.ts';
import type { RegistryImage } from './registry-image.ts';
import { provideRegistryImage } from './registry-image.ts';
import { skopeoVersion } from './skopeo.ts';

declare module 'vitest' {
  interface ProvidedContext {
    registryImage: RegistryImage;
    skopeo: Availability;
  }
}

/**
 * Finds out once what this machine can run, and says in one line what is left out.
 *
 * @throws Error when something is missing and `GREENPIN_REQUIRE_CONTAINERS=1`
 */
export default async function setup(project: TestProject): Promise<void> {
  const registryImage = await findRegistryImage();
  const skopeo = await findSkopeo();
  project.provide('registryImage', registryImage);
  project.provide('skopeo', skopeo);
  const leftOut = [
    ...(registryImage.available ? [] : [`tests in containers (${registryImage.reason})`]),
    ...(skopeo.available ? [] : [`comparison with skopeo (${skopeo.reason})`]),
  ];
  if (leftOut.length > 0) console.log(`Left out: ${leftOut.join('; ')}`);
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

async function findSkopeo(): Promise<Availability> {
  try {
    await skopeoVersion();
    return { available: true };
  } catch (error) {
    if (containersRequired()) throw missing('skopeo is not installed', error);
    return { available: false, reason: 'skopeo is not installed' };
  }
}
