/** A file that is read again when it changes: Kubernetes swaps a mounted Secret while the process runs. */
import type { Clock } from '../clock.ts';

/** What is needed of `node:fs/promises`. */
export interface FileAccess {
  readFile(path: string): Promise<string>;
  /** Follows symbolic links, which is how a mounted Secret is swapped. */
  stat(path: string): Promise<{ readonly mtimeMs: number; readonly ino: number; readonly size: number }>;
}

/** A file that has never been readable; the message says why. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
}

export interface WatchedFileDeps<Content> {
  readonly path: string;
  readonly files: FileAccess;
  /** Its error's message is shown; it must bear no content of the file. */
  readonly parse: (text: string) => Content;
  readonly now: Clock;
  /** Told once of each new problem. */
  readonly warn: (message: string) => void;
}

const CHECK_EVERY_MS = 1000;

/**
 * @returns a reader that looks at the file at most once a second and gives its last good content, also while the file is
 * unreadable; it throws UnreadableFile as long as there was none
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
        warn(good === undefined ? message : `${message}; its last good content stays in use`);
      problem = message;
    }
  }

  /** The stamp is taken before the content: a change in between is seen the next time. */
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
    // The distance, not the difference: a clock that is set back must not stop the reloading.
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
