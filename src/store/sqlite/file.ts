/** Opens the database file and migrates its schema. Rejects files that are not Greenpin's. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '../../errors.ts';

/** "gpin" in the file's header, see file(1) and https://sqlite.org/pragma.html#pragma_application_id. */
const APPLICATION_ID = 0x6770696e;
/**
 * How long to wait for a file locked by another process, in milliseconds. The whole process blocks meanwhile.
 */
const BUSY_TIMEOUT_MS = 250;
/** The smallest page, and so the smallest database that is not empty. */
const MIN_BYTES = 512;

/** Each migration raises the version; `user_version` counts those applied. Never change one. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE last_good (
     key TEXT PRIMARY KEY,
     value TEXT NOT NULL,
     revision INTEGER NOT NULL,
     checksum TEXT NOT NULL,
     asked_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX last_good_by_asked_at ON last_good (asked_at);`,
  // From here on, `asked_at` is in time of use of the file, not by the machine's clock (record.ts).
  `CREATE TABLE meta (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     run TEXT NOT NULL,
     boot TEXT NOT NULL,
     whole_since INTEGER NOT NULL,
     seen_at INTEGER NOT NULL,
     clean INTEGER NOT NULL,
     used_for INTEGER NOT NULL,
     checksum TEXT NOT NULL,
     answers INTEGER NOT NULL
   ) STRICT;
   UPDATE last_good SET asked_at = 0;`,
];

/**
 * @param path a file that need not exist
 * @throws ConfigError with one line if no database can be created, or if the file belongs to another program
 *   (it is left unchanged)
 */
export function openSqliteFile(path: string, migrations = MIGRATIONS): DatabaseSync {
  return open(path, migrations.length, (database) => {
    // A killed process loses no commit. If the machine fails, the last seconds' commits may be lost, and are
    // resolved again (https://sqlite.org/pragma.html#pragma_synchronous).
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    migrate(database, migrations);
  });
}

/**
 * Tests whether `openSqliteFile` would succeed, without creating, migrating or writing anything. Another
 * process's write may wait briefly for the write lock.
 * @returns whether the file has contents; if not, it can be created
 * @throws ConfigError
 */
export function probeSqliteFile(path: string): 'found' | 'empty' {
  const size = readSize(path);
  if (size === undefined) checkDirectory(path);
  else open(path, MIGRATIONS.length, (database) => database.exec('BEGIN IMMEDIATE; ROLLBACK')).close();
  return (size ?? 0) === 0 ? 'empty' : 'found';
}

/** @returns undefined if there is no file */
function readSize(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size;
  } catch (error) {
    throw explainUnusable(path, error);
  }
}

function checkDirectory(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
  } catch (cause) {
    const found = 'a directory that is missing or read-only';
    throw createPathError(path, found, { expected: WRITABLE_PLACE, cause });
  }
}

/** @param prepare receives a database that is ours, or empty */
function open(path: string, known: number, prepare: (database: DatabaseSync) => void): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // SQLite treats a one-byte file as empty.
    const size = readSize(path) ?? 0;
    if (size > 0 && size < MIN_BYTES) throw createPathError(path, 'a file that is not a database');
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    examine(database, path, known);
    prepare(database);
    return database;
  } catch (error) {
    database?.close();
    throw explainUnusable(path, error);
  }
}

/** @returns an error that says in one line why the file cannot be used */
export function explainUnusable(path: string, error: unknown): ConfigError {
  if (error instanceof ConfigError) return error;
  const code = resultCode(error);
  return createPathError(path, FAULTS.get(code) ?? 'a file that cannot be used as a database', {
    cause: error,
    expected: PLACE_FAULTS.has(code) ? WRITABLE_PLACE : undefined,
  });
}

/** Reads only. @throws ConfigError unless the database is empty, or ours and intact */
function examine(database: DatabaseSync, path: string, known: number): void {
  const applicationId = readNumber(database, 'application_id');
  const version = readNumber(database, 'user_version');
  const empty = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  const fresh = empty && applicationId === 0 && version === 0;
  if (applicationId !== APPLICATION_ID && !fresh) throw createPathError(path, "another program's database");
  if (version > known) throw createPathError(path, "a newer Greenpin's database");
  const { quick_check: health } = database.prepare('PRAGMA quick_check(1)').get() ?? {};
  if (health !== 'ok') throw createPathError(path, 'a damaged database');
}

/** Runs all migrations or none. Writes even if there are none, to notice a read-only file now. */
function migrate(database: DatabaseSync, migrations: readonly string[]): void {
  database.exec('BEGIN IMMEDIATE');
  const version = readNumber(database, 'user_version');
  for (const migration of migrations.slice(version)) database.exec(migration);
  database.exec(
    `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}; COMMIT`,
  );
}

function readNumber(database: DatabaseSync, pragma: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}

/** Primary result codes (https://sqlite.org/rescode.html). */
const FAULTS = new Map([
  [5, 'a database locked by another process'],
  [8, 'a read-only file or directory'],
  [10, 'a file with I/O errors'],
  [11, 'a damaged database'],
  [13, 'no space left'],
  [14, 'a file or directory that is missing or cannot be opened'],
  [23, 'a file that cannot be opened'],
  [26, 'a file that is not a database'],
]);

/** There is no file and none can be created; usually a container without a volume. */
const PLACE_FAULTS = new Set([8, 14]);

const WRITABLE_PLACE =
  'a directory that this user can write to; mount a volume there, or set store.path (or GREENPIN_STATE_DIRECTORY) to one';
const OWN_DATABASE = "Greenpin's own database, or a path where it can create one; nothing was overwritten";

const CANNOT_OPEN = 14;

/** @returns SQLite's primary result code; 0 if there is none */
export function resultCode(error: unknown): number {
  // Node.js accesses the file before SQLite does, and may fail first.
  if (error instanceof Error && 'syscall' in error) return CANNOT_OPEN;
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
}

/** One line: what was found at the path, and what is expected there. */
export function createPathError(
  path: string,
  found: string,
  {
    expected = OWN_DATABASE,
    cause,
  }: { readonly expected?: string | undefined; readonly cause?: unknown } = {},
): ConfigError {
  const problem = `store.path: found ${found} at ${JSON.stringify(path)}, expected ${expected}`;
  return new ConfigError([problem], { cause });
}
