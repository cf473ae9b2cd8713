/** Last good answers in the process's memory: lost with it. */
import { LRUCache } from 'lru-cache';
import type { LastGoodStore } from '../resolve/ports.ts';
import type { LastGood } from '../resolve/types.ts';

/** Enough for years of pull requests; the one that was asked for longest ago makes room. */
const MAX_ANSWERS = 100_000;

export function createMemoryStore(): LastGoodStore {
  const answers = new LRUCache<string, LastGood>({
    maxSize: MAX_ANSWERS,
    // Without `max`, lru-cache allocates as it grows.
    sizeCalculation: () => 1,
  });
  return {
    get: (key) => Promise.resolve(answers.get(key)),
    set(key, value) {
      answers.set(key, value);
      return Promise.resolve(undefined);
    },
    wholeSince: () => null,
  };
}
