/** The database of a process that runs for long: its own alone, and made anew when it is taken away. */
import { rmSync } from 'node:fs';
import type { Archive } from '../archive.ts';
import { followLinks, identityOf, tryLock, type FileLock } from './file-lock.ts';
import { createSqliteArchive, type SqliteArchive, type SqliteOptions } from './archive.ts';
import { refusal, refuse } from './file.ts';
import { proofPath } from './record.ts';

/** With a roll-out that recreates, the process before may still be answering its last calls. */
const WAIT_FOR_LOCK_MS = 5_000;
const TRY_LOCK_EVERY_MS = 100;
/** Whether the file is still there is looked at so often, and before each write. */
const LOOK_EVERY_MS = 1_000;

export interface LiveSqliteOptions extends SqliteOptions {
  readonly warn: (message: string) => void;
  readonly delay: (ms: number) => Promise<void>;
}

export interface LiveSqlite extends Archive {
  /** @throws ConfigError when the file cannot be opened, is not ours, or is another process's for longer than some seconds */
  open(): Promise<void>;
}

const REPLACED =
  "the store's file was removed or replaced: it is used as it is now, and what this process remembers is written to it";

/** Before it is opened, and while it cannot be, every call throws. */
export function createLiveSqlite(options: LiveSqliteOptions): LiveSqlite {
  const { elapsed = () => performance.now(), warn, delay } = options;
  /** Of the file itself: a link may be led to another one. */
  let path = followLinks(options.path);
  let lock: FileLock | undefined;
  let archive: SqliteArchive | undefined;
  let identity = '';
  let lookedAt = -Infinity;
  let replaced = false;

  function start(anew: boolean): SqliteArchive {
    archive = createSqliteArchive({ ...options, path, replaced: anew });
    identity = identityOfAll(path);
    return archive;
  }

  function unlock(): void {
    lock?.release();
    lock = undefined;
  }

  async function stop(): Promise<void> {
    const last = archive;
    archive = undefined;
    await last?.close();
  }

  /** @throws ConfigError */
  function startAgain(): SqliteArchive {
    const present = followLinks(options.path);
    if (present !== path) unlock();
    path = present;
    rmSync(proofPath(path), { force: true });
    if (lock?.isHeld() !== true) {
      unlock();
      lock = lockOf(path);
      if (lock === undefined) throw inUse(path);
    }
    const next = start(true);
    replaced = true;
    warn(REPLACED);
    return next;
  }

  /** @throws Error when there is none */
  function use(): SqliteArchive {
    lookedAt = elapsed();
    const same = path === followLinks(options.path) && identity === identityOfAll(path);
    if (same && lock?.isHeld() === true && archive !== undefined) return archive;
    if (identity === '') throw new Error('the file is not open');
    // What is closed has nothing that is still of use, whether it says so or not.
    stop().catch(() => undefined);
    return startAgain();
  }

  function look(): void {
    if (elapsed() - lookedAt < LOOK_EVERY_MS) return;
    try {
      use().beat();
    } catch {
      // Whoever needs it next meets the fault.
    }
  }

  return {
    async open() {
      path = followLinks(options.path);
      for (let waited = 0; lock === undefined; waited += TRY_LOCK_EVERY_MS) {
        lock = lockOf(path);
        if (lock !== undefined) break;
        if (waited >= WAIT_FOR_LOCK_MS) throw inUse(path);
        await delay(TRY_LOCK_EVERY_MS);
      }
      try {
        start(false);
      } catch (error) {
        unlock();
        throw error;
      }
    },
    read: async (key) => use().read(key),
    write: async (key, value, seen) => use().write(key, value, seen),
    record: {
      wholeSince() {
        look();
        return archive?.record.wholeSince() ?? null;
      },
      lacks: (missing) => archive?.record.lacks(missing),
      doubt: () => archive?.record.doubt(),
      mayLack: () => false,
      wasReplaced() {
        look();
        const was = replaced;
        replaced = false;
        return was;
      },
    },
    async close() {
      await stop();
      unlock();
      identity = '';
    },
  };
}

/** The log beside it is as much of it: what was written last is there alone. */
function identityOfAll(path: string): string {
  return `${identityOf(path)} ${identityOf(`${path}-wal`)}`;
}

/** @throws ConfigError */
function lockOf(path: string): FileLock | undefined {
  try {
    return tryLock(`${path}-lock`);
  } catch (error) {
    throw refuse(path, error);
  }
}

function inUse(path: string) {
  return refusal(path, 'a file that another Greenpin process uses', {
    expected: 'one for each process; end the other one first, or let several share store.kind: redis',
  });
}
