/** Which digests were proven to be which build's, in this process's memory. What was handed out last outlives it, in the store. */
import type { PinMemory } from '../resolve/ports.ts';
import type { PinnedImage } from '../resolve/types.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';

/** Two images of each of 50,000 builds. */
const MAX_PINS = 100_000;

export function createPinMemory(): PinMemory {
  const pins = createBoundedCache<PinnedImage>(MAX_PINS);
  return {
    get: (key) => pins.get(key),
    set: (key, image) => void pins.set(key, image),
  };
}
