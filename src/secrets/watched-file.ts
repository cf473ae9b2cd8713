/** Reads a file again when it changes, asynchronously and at most once a second. */
import type { Clock } from '../clock.ts';

/** The part of `node:fs/promises` that is used. */
export interface FileAccess {
  readFile(path: string): Promise<string>;
  /** Follows symlinks, because a mounted Secret is one. */
  stat(path: string): Promise<{ readonly mtimeMs: number; readonly ino: number; readonly size: number }>;
}

/** The file was never readable. The message says why. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
}

export interface WatchedFileDeps<Content> {
  readonly path: string;
  readonly files: FileAccess;
  /** The message of its error is shown, so it must not contain any of the text. */
  readonly parse: (text: string) => Content;
  readonly now: Clock;
  /** Called once per problem. */
  readonly warn: (message: string) => void;
}

const CHECK_EVERY_MS = 1000;

/**
 * @returns a reader that checks the file at most once a second and returns its last good content, even while
 *   the file is unreadable; it throws UnreadableFile if there is none
 */
export function createWatchedFile<Content>(deps: WatchedFileDeps<Content>): () => Promise<Content> {
  const { path, files, parse, now, warn } = deps;
  let checkedAt: number | undefined;
  let checking: Promise<void> | undefined;
  let stamp: string | undefined;
  let good: { readonly content: Content } | undefined;
  let problem: string | undefined;

  async function check(): Promise<void> {
    try {
      const text = await readChanged();
      if (text === undefined) return;
      good = { content: parse(text) };
      problem = undefined;
    } catch (error) {
      const message = error instanceof Error ? error.message : `${path} cannot be read`;
      if (message !== problem)
        warn(good === undefined ? message : `${message}; the previous content stays in use`);
      problem = message;
    }
  }

  /** Takes the stamp before the content, so that the next check notices a change in between. */
  async function readChanged(): Promise<string | undefined> {
    try {
      const { mtimeMs, ino, size } = await files.stat(path);
      const found = `${mtimeMs} ${ino} ${size}`;
      if (found === stamp) return undefined;
      const text = await files.readFile(path);
      stamp = found;
      return text;
    } catch (error) {
      stamp = undefined;
      throw new UnreadableFile(`${path} cannot be read (${errorCode(error)})`, { cause: error });
    }
  }

  return async () => {
    // The absolute difference, so that setting the clock back does not stop the checks.
    if (checkedAt === undefined || Math.abs(now() - checkedAt) >= CHECK_EVERY_MS) {
      checkedAt = now();
      checking = check();
    }
    await checking;
    if (good === undefined) throw new UnreadableFile(problem ?? `${path} cannot be read`);
    return good.content;
  };
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
