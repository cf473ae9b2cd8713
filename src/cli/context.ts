/** What a command is handed by the process. */
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/config.ts';
import { readConfigText } from './config-input.ts';

export interface CommandContext {
  readonly env: NodeJS.ProcessEnv;
  /** Results. */
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** Diagnostics. */
  readonly stderr: NodeJS.WritableStream;
  readonly version: string;
  /** From when it is called, the process no longer ends by SIGTERM or SIGINT: the signal is aborted instead. */
  readonly stopSignal: () => AbortSignal;
}

/** @throws ConfigError */
export function loadCommandConfig(options: { readonly config?: string }, { env }: CommandContext): Config {
  return loadConfig({
    file: options.config,
    readFile: readConfigText,
    env,
  });
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
