/**
 * Lets one process at a time use a file, with SQLite's own lock on a second file beside the database, since
 * Node.js has no file locks. The lock ends with the process, even if it is killed, and does not block reads
 * of the database.
 */
import { readlinkSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { resultCode } from './file.ts';

const BUSY = 5;
const ATTEMPTS = 3;
/** Linux's limit (path_resolution(7)). */
const MAX_LINKS = 40;

export interface FileLock {
  /** False if the locked file is gone, or another one is in its place. */
  isHeld(): boolean;
  /** Also removes the lock file. */
  release(): void;
}

/**
 * @param path the lock file, which is created
 * @returns undefined if another process holds the lock
 * @throws the errors of SQLite if the lock file cannot be created
 */
export function tryLock(path: string): FileLock | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = readFileId(path);
    const database = takeLock(path);
    if (database === undefined) return undefined;
    // If the previous owner has removed the locked file meanwhile, the lock has no effect.
    if (before !== undefined && readFileId(path) === before) return createLock(path, before, database);
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

function createLock(path: string, fileId: string, database: DatabaseSync): FileLock {
  const isHeld = (): boolean => readFileId(path) === fileId;
  return {
    isHeld,
    release() {
      try {
        if (isHeld()) rmSync(path);
      } catch {
        // An empty file remains, which the next process locks.
      }
      database.close();
    },
  };
}

/**
 * @returns the path of the file itself, which need not exist. Its lock belongs beside that path, where SQLite
 *   also writes its log: two links to one file must not yield two locks.
 */
export function followLinks(path: string): string {
  let file = path;
  try {
    for (let links = 0; links < MAX_LINKS; links++)
      file = resolve(realpathSync(dirname(file)), readlinkSync(file));
  } catch {
    // Not a link (any more), or in an unreadable directory, which opening the file reports.
  }
  return file;
}

/** @returns device and inode; undefined if there is no file, or it cannot be read */
export function readFileId(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false, bigint: true });
    return found && `${found.dev} ${found.ino}`;
  } catch {
    return undefined;
  }
}
