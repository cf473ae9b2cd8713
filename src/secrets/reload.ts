/** Reads files again when they change, so that rotating a secret or a certificate needs no restart. */
import { readFileSync, statSync } from 'node:fs';

export interface ReloadDeps {
  /** Called once per problem. Never receives a secret. */
  readonly warn: (message: string) => void;
}

/**
 * Keeps the last good content while the files cannot be loaded: Kubernetes swaps a symlink when a Secret
 * changes, other writers truncate before they write, and a certificate and its key are rarely replaced at the
 * same time.
 * @param load reads and parses the files; the message of its error is one line without secrets
 * @returns a function that returns the same content until a file changes; it throws the error of `load` if
 *   that never succeeded
 */
export function createReloader<Content>(
  files: readonly string[],
  load: () => Content,
  { warn }: ReloadDeps,
): () => Content {
  let good: { readonly content: Content; readonly version: string } | undefined;
  let problem: string | undefined;
  return () => {
    // Taken before loading: if a file changes in between, the next call notices.
    const version = files.map(fileVersion).join('\n');
    if (good !== undefined && good.version === version) {
      problem = undefined;
      return good.content;
    }
    try {
      good = { content: load(), version };
      problem = undefined;
    } catch (error) {
      if (good === undefined) throw error;
      const message = error instanceof Error ? error.message : String(error);
      if (message !== problem) warn(`${message}; the previous content stays in use`);
      problem = message;
    }
    return good.content;
  };
}

/**
/**
 * @param title names the file in the message
 * @throws Error with one line that gives the system's code
 */
export function readText(file: string, title = file): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new Error(`${title} cannot be read${code}`, { cause });
  }
}

/**
 * Identifies a state of the file. `stat` follows symlinks, so a swapped one shows as another inode.
 * @returns empty for a file that cannot be examined; reading it reports why
 */
function fileVersion(file: string): string {
  try {
    const { ino, mtimeMs, ctimeMs, size } = statSync(file);
    return [ino, mtimeMs, ctimeMs, size].join(' ');
  } catch {
    return '';
  }
}
