/** A command's surroundings: what is wrong but stops nothing goes to stderr, and nobody counts. */
import type { World } from '../world.ts';
import type { CommandContext } from './context.ts';
import { complain } from './diagnostics.ts';

export function createCommandWorld({ env, stderr }: CommandContext): World {
  return {
    env,
    now: Date.now,
    observer: { requested: () => undefined, quota: () => undefined, freshFor: () => undefined },
    warn: (message) => complain(stderr, message),
  };
}
