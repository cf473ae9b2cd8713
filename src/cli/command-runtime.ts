/** A command's surroundings: what is wrong but stops nothing goes to stderr, and nobody counts. */
import type { Runtime } from '../compose/runtime.ts';
import type { CommandContext } from './context.ts';
import { complain } from './diagnostics.ts';

export interface CommandWorld extends Runtime {
  /**
   * Tells, at the command's end, what there was to warn of.
   * @param told what the result says has failed, and why: nothing is told twice
   */
  tellWarnings(told: readonly string[]): void;
}

export function createCommandWorld({ env, stderr }: CommandContext): CommandWorld {
  const warnings = new Set<string>();
  return {
    env,
    now: Date.now,
    observer: { requested: () => undefined, quota: () => undefined, freshFor: () => undefined },
    warn: (message) => warnings.add(message),
    tellWarnings(told) {
      for (const warning of warnings) {
        if (!told.some((text) => text.includes(warning))) complain(stderr, warning);
      }
    },
  };
}
