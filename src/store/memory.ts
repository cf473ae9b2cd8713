/** Keeps last good answers in memory only. */
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import type { LastGoodStore } from '../resolve/ports.ts';
import type { LastGood } from '../resolve/types.ts';

/** Enough for years of pull requests; the least recently used answer is evicted. */
const MAX_ANSWERS = 100_000;

export function createMemoryStore(): LastGoodStore {
  const answers = createBoundedCache<LastGood>(MAX_ANSWERS);
  return {
    get: async (key) => answers.get(key),
    set: async (key, value) => void answers.set(key, value),
    wholeSince: () => null,
  };
}
