/** Remembers which digests are proven to belong to which build, for the lifetime of the process. */
import type { PinMemory } from '../resolve/ports.ts';
import type { PinnedImage } from '../resolve/types.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';

/** Two images of each of 50,000 builds. */
const MAX_PINS = 100_000;

export function createPinMemory(): PinMemory {
  return createBoundedCache<PinnedImage>(MAX_PINS);
}
