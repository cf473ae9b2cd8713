/**
 * That one process at a time uses a file. The lock is SQLite's own, on a file beside it, which is why there is no other: Node.js has
 * none, the kernel ends it with the process, however that ends, and whoever only looks at the database is not kept from it.
 */
import { readlinkSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { resultCode } from './file.ts';

const BUSY = 5;
const ATTEMPTS = 3;
/** Linux's own limit (path_resolution(7)). */
const MOST_LINKS = 40;

export interface FileLock {
  /** False when the file that was locked is gone, or another one is in its place. */
  isHeld(): boolean;
  /** Leaves nothing behind. */
  release(): void;
}

/**
 * @param path of the file beside, which is made
 * @returns undefined: another process has it
 * @throws what SQLite does when it cannot be made
 */
export function tryLock(path: string): FileLock | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = identityOf(path);
    const database = takeLock(path);
    if (database === undefined) return undefined;
    // Whoever had it before may have removed the file that was locked here: then it is nobody's.
    if (before !== undefined && identityOf(path) === before) return heldLock(path, before, database);
    database.close();
  }
  return undefined;
}

function takeLock(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if (resultCode(error) === BUSY) return undefined;
    throw error;
  }
}

function heldLock(path: string, identity: string, database: DatabaseSync): FileLock {
  const isHeld = (): boolean => identityOf(path) === identity;
  return {
    isHeld,
    release() {
      try {
        if (isHeld()) rmSync(path);
      } catch {
        // An empty file is left: the next one locks that.
      }
      database.close();
    },
  };
}

/**
 * @returns the path of the file itself, which need not be there. What lies beside a file, as a lock, must lie beside that: SQLite writes its
 *   log there, and two links to one file would be two locks.
 */
export function followLinks(path: string): string {
  let file = path;
  try {
    for (let links = 0; links < MOST_LINKS; links++)
      file = resolve(realpathSync(dirname(file)), readlinkSync(file));
  } catch {
    // No link (any more), or a folder that cannot be seen: whoever opens it will meet that.
  }
  return file;
}

/** @returns undefined when nothing can be seen there */
export function identityOf(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false, bigint: true });
    return found && `${found.dev} ${found.ino}`;
  } catch {
    return undefined;
  }
}
