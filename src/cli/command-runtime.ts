/** The runtime of a one-shot command: warnings go to stderr, and no metrics are recorded. */
import type { Runtime } from '../compose/runtime.ts';
import type { CommandContext } from './context.ts';
import { writeDiagnostic } from './diagnostics.ts';

export interface CommandRuntime extends Runtime {
  /**
   * Writes the collected warnings. Call it when the command ends.
   * @param reported failures that the result already explains: warnings they contain are not repeated
   */
  flushWarnings(reported: readonly string[]): void;
}

export function createCommandRuntime({ env, stderr }: CommandContext): CommandRuntime {
  const warnings = new Set<string>();
  return {
    env,
    now: Date.now,
    observer: { requested: () => undefined, quota: () => undefined, freshFor: () => undefined },
    warn: (message) => warnings.add(message),
    flushWarnings(reported) {
      for (const warning of warnings) {
        if (!reported.some((text) => text.includes(warning))) writeDiagnostic(stderr, warning);
      }
    },
  };
}
