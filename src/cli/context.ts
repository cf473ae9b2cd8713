/** The process as commands see it, so that tests can replace it. */
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/config.ts';
import type { Environment } from '../config/rules.ts';
import { parseReference } from '../image/reference.ts';
import { readConfigText } from './config-input.ts';
import { parsePlatform } from '../image/platform.ts';

export interface CommandContext {
  readonly env: Environment;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream;
  readonly version: string;
  /** Takes over SIGTERM and SIGINT: from the call on they abort the returned signal instead of ending the process. */
  readonly stopSignal: () => AbortSignal;
}

/** @throws ConfigError */
export function loadCommandConfig(options: { readonly config?: string }, { env }: CommandContext): Config {
  return loadConfig({
    file: options.config,
    readFile: readConfigText,
    env,
    parseReference,
    parsePlatform,
  });
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
