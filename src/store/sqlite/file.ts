/** Opens the database file, brings it to the present schema, and refuses what is not ours. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '../../errors.ts';

/** "gpin", in the file's header, as file(1) and https://sqlite.org/pragma.html#pragma_application_id have it. */
const APPLICATION_ID = 0x6770696e;
/** Milliseconds that another process may hold the file; the whole process waits meanwhile. */
const BUSY_TIMEOUT_MS = 250;
/** Of a database that has anything in it: the smallest page. */
const LEAST_BYTES = 512;

/** Each brings the schema one version further: the file's `user_version` counts those that were run. Never change one. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE last_good (
     key TEXT PRIMARY KEY,
     value TEXT NOT NULL,
     revision INTEGER NOT NULL,
     checksum TEXT NOT NULL,
     asked_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX last_good_by_asked_at ON last_good (asked_at);`,
  // `asked_at` is by the time that the store has been in use from here on, not by the machine's clock (record.ts).
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
 * @param path of a file that need not be there
 * @throws ConfigError with one line when there cannot be a database, or another one is; that one is left as it was
 */
export function openSqliteFile(path: string, migrations = MIGRATIONS): DatabaseSync {
  return open(path, migrations.length, (database) => {
    // A process that is killed loses nothing that was committed; if the machine fails, the last seconds may be lost, which a
    // resolution brings back, but never more (https://sqlite.org/pragma.html#pragma_synchronous).
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    migrate(database, migrations);
  });
}

/**
 * What `openSqliteFile` would meet with, while nothing is made, migrated or written: a process that has the file open is not disturbed,
 * except that its next write waits while the lock to write is held here, for a moment.
 * @returns whether there is something in it; if not, it could be made
 * @throws ConfigError
 */
export function probeSqliteFile(path: string): 'found' | 'empty' {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) checkFolder(path);
  else open(path, MIGRATIONS.length, (database) => database.exec('BEGIN IMMEDIATE; ROLLBACK')).close();
  return (size ?? 0) === 0 ? 'empty' : 'found';
}

function checkFolder(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw refusal(path, 'a folder that is missing, or cannot be written', {
      expected: WRITABLE_PLACE,
      cause,
    });
  }
}

/** @param prepare is given a database that is ours, or empty */
function open(path: string, known: number, prepare: (database: DatabaseSync) => void): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // SQLite takes a file of one byte as an empty one.
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > 0 && size < LEAST_BYTES) throw refusal(path, 'a file that is no database');
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    examine(database, path, known);
    prepare(database);
    return database;
  } catch (error) {
    database?.close();
    throw refuse(path, error);
  }
}

/** @returns what says in one line why the file cannot be used */
export function refuse(path: string, error: unknown): ConfigError {
  if (error instanceof ConfigError) return error;
  const code = resultCode(error);
  return refusal(path, FAULTS.get(code) ?? 'a file that cannot be used as a database', {
    cause: error,
    ...(PLACE_FAULTS.has(code) && { expected: WRITABLE_PLACE }),
  });
}

/** Reads only. */
function examine(database: DatabaseSync, path: string, known: number): void {
  const applicationId = readNumber(database, 'application_id');
  const version = readNumber(database, 'user_version');
  const empty = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  const fresh = empty && applicationId === 0 && version === 0;
  if (applicationId !== APPLICATION_ID && !fresh) {
    throw refusal(path, "another program's database");
  }
  if (version > known) throw refusal(path, "a newer Greenpin's database");
  const { quick_check: health } = database.prepare('PRAGMA quick_check(1)').get() ?? {};
  if (health !== 'ok') throw refusal(path, 'a damaged database');
}

/** All or nothing. Writing even when nothing is to be done, since a file that cannot be written is better noticed now. */
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

/** Primary result codes, https://sqlite.org/rescode.html. */
const FAULTS = new Map([
  [5, 'a database that another process holds'],
  [8, 'a file or a folder that cannot be written'],
  [10, 'a file that cannot be read or written'],
  [11, 'a damaged database'],
  [13, 'no space left'],
  [14, 'a folder or a file that is missing, or may not be opened'],
  [23, 'a file that may not be opened'],
  [26, 'a file that is no database'],
]);

/** Nothing is wrong with the file: there is none, and none can be made. A container without a volume is the usual case. */
const PLACE_FAULTS = new Set([8, 14]);

const WRITABLE_PLACE =
  'a folder that this user may write to; mount a volume there, or set store.path (or GREENPIN_STATE_DIRECTORY) to one';
const OWN_DATABASE = "Greenpin's own database, or a place where it can make one; nothing was overwritten";

const CANNOT_OPEN = 14;

/** SQLite's primary result code, 0: none. */
export function resultCode(error: unknown): number {
  // Node's own look at the file comes first, and may be the one that is refused.
  if (error instanceof Error && 'syscall' in error) return CANNOT_OPEN;
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
}

interface RefusalOptions {
  readonly expected?: string;
  readonly cause?: unknown;
}

/** One line: what was found at the path, and what is expected there. */
export function refusal(
  path: string,
  found: string,
  { expected = OWN_DATABASE, cause }: RefusalOptions = {},
): ConfigError {
  return new ConfigError([`store.path: found ${found} at ${JSON.stringify(path)}, expected ${expected}`], {
    cause,
  });
}
