/** Last good answers in the process's memory: lost with it. */
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import type { LastGoodStore } from '../resolve/ports.ts';
import type { LastGood } from '../resolve/types.ts';

/** Enough for years of pull requests; the one that was asked for longest ago makes room. */
const MAX_ANSWERS = 100_000;

export function createMemoryStore(): LastGoodStore {
  const answers = createBoundedCache<LastGood>(MAX_ANSWERS);
  return {
    get: (key) => Promise.resolve(answers.get(key)),
    set(key, value) {
      answers.set(key, value);
      return Promise.resolve(undefined);
    },
    wholeSince: () => null,
  };
}
