/** Reads secrets from files and environment variables. Each use reads the current value. */
import { createReloader, readText, type ReloadDeps } from './reload.ts';

/** Where a secret is. The secret itself is never part of the configuration. */
export type SecretSource =
  | { readonly file: string }
  /** The name of an environment variable. */
  | { readonly env: string };

/** @returns undefined if neither is given */
export function createSecretSource(
  file: string | undefined,
  env: string | undefined,
  locate: (path: string) => string,
): SecretSource | undefined {
  if (env !== undefined) return { env };
  return file === undefined ? undefined : { file: locate(file) };
}

export interface SecretDeps extends ReloadDeps {
  readonly env: NodeJS.ProcessEnv;
}

/**
 * @returns the secret, without a leading byte order mark and trailing line breaks
 * @throws Error with one line that names the file or variable, if there is no secret and never was
 */
export type SecretReader = () => string;

export function createSecretReader(source: SecretSource, deps: SecretDeps): SecretReader {
  if ('file' in source) return createReloader([source.file], () => readSecretFile(source.file), deps);
  const value = deps.env[source.env];
  return () => {
    const secret = trimLineBreaks(value ?? '');
    if (secret.trim() === '') throw new Error(`the environment variable ${source.env} is not set or empty`);
    return secret;
  };
}

function readSecretFile(file: string): string {
  // Editors on Windows write a byte order mark.
  const secret = trimLineBreaks(readText(file, `the secret file ${file}`).replace(/^\ufeff/, ''));
  // Spaces may be part of a secret, but they are not one alone.
  if (secret.trim() === '') throw new Error(`the secret file ${file} is empty`);
  return secret;
}

function trimLineBreaks(text: string): string {
  return text.replace(/[\r\n]+$/, '');
}

/**
 * Expands `~` at the start of a path. The shell does so only if it is not quoted.
 * @param home the value of `HOME`
 * @returns the path with `~` or `~/` replaced; unchanged without a home, or if it names another user's
 *   (`~bot/x`)
 */
export function expandHome(path: string, home: string | undefined): string {
  return home && /^~(?:\/|$)/.test(path) ? `${home.replace(/\/+$/, '')}${path.slice(1)}` : path;
}
