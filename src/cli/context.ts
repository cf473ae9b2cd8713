/** The process as commands see it, so that tests can replace it. */
import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';

export interface CommandContext {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream;
  readonly version: string;
  /** Takes over SIGTERM and SIGINT, which from then on abort the returned signal. */
  readonly stopSignal: () => AbortSignal;
}

/**
 * @param path `-` means standard input, read by its descriptor because `/dev/stdin` does not exist everywhere
 */
export function readConfigText(path: string): string {
  return readFileSync(path === '-' ? 0 : path, 'utf8');
}

/**
 * Loads the schema and its library on demand: they are a third of the start-up time, and some commands need
 * no configuration.
 * @param checkFiles see `loadConfig`
 * @throws ConfigError
 */
export async function loadCommandConfig(
  options: { readonly config?: string },
  { env }: CommandContext,
  checkFiles?: (config: Config) => readonly string[],
): Promise<Config> {
  const { loadConfig } = await import('../config/load.ts');
  return loadConfig({ file: options.config, readFile: readConfigText, env }, checkFiles);
}
