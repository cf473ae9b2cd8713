/** Secrets behind readers: each use reads the present value, so that a rotation needs no restart. */
import { readFileSync } from 'node:fs';
import { fileVersion } from './file-version.ts';

export type SecretSource =
  | { readonly file: string }
  /** `value` is the variable's content; the environment itself is read in one place only. */
  | { readonly env: string; readonly value: string | undefined };

export interface SecretDeps {
  /** Told once when a file that was readable no longer is; never told the secret. */
  readonly warn: (message: string) => void;
}

/**
 * @returns the secret without trailing newlines, nor a byte order mark before it
 * @throws Error with one line that names the file or the variable, when there is nothing to read and never was
 */
export type SecretReader = () => string;

export function createSecretReader(source: SecretSource, deps: SecretDeps): SecretReader {
  return 'file' in source ? createFileReader(source.file, deps) : createEnvReader(source.env, source.value);
}

function createEnvReader(name: string, value: string | undefined): SecretReader {
  return () => {
    const secret = withoutNewline(value ?? '');
    if (secret.trim() === '') throw new Error(`the environment variable ${name} is not set, or is empty`);
    return secret;
  };
}

/**
 * Kubernetes swaps a symbolic link when a secret changes, and other writers truncate before they write: a file that is missing or empty
 * for a moment must not fail calls, so the last good value is kept.
 */
function createFileReader(file: string, { warn }: SecretDeps): SecretReader {
  let good: { secret: string; version: string } | undefined;
  let warned = false;
  return () => {
    try {
      // Before the content: if the file changes in between, the next read sees it.
      const version = fileVersion(file);
      if (good?.version !== version) good = { secret: readSecretFile(file), version };
      warned = false;
    } catch (error) {
      const problem = problemOf(file, error);
      if (good === undefined) throw new Error(problem, { cause: error });
      if (!warned) warn(`${problem}; the value read before is used`);
      warned = true;
    }
    return good.secret;
  };
}

function readSecretFile(file: string): string {
  // Windows editors write a byte order mark.
  const secret = withoutNewline(readFileSync(file, 'utf8').replace(/^\ufeff/, ''));
  // Spaces alone are no secret, though they may be a part of one.
  if (secret.trim() === '') throw new EmptySecretError();
  return secret;
}

class EmptySecretError extends Error {
  override readonly name = 'EmptySecretError';
}

function problemOf(file: string, error: unknown): string {
  if (error instanceof EmptySecretError) return `the secret file ${file} is empty`;
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return `the secret file ${file} cannot be read${code}`;
}

function withoutNewline(text: string): string {
  return text.replace(/[\r\n]+$/, '');
}
