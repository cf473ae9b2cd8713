/** Last good answers in a file, by SQLite: they survive the process, however it ends. */
import { createHash } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Archive, ArchiveRecord, Kept, Written } from '../archive.ts';
import { formatLastGood, parseLastGood } from '../last-good-json.ts';
import { openSqliteFile, refuse, resultCode } from './file.ts';
import { beginRecord, readBootId, type SqliteRecord } from './record.ts';
import type { Clock } from '../../clock.ts';

/** Reading marks an answer as asked for: so often is that worth a write. */
const MARK_AFTER_MS = 3_600_000;
/** What nobody asks for is looked for so often, and deleted in steps, so that no call waits for long. */
const FORGET_EVERY_MS = 3_600_000;
const FORGET_AT_ONCE = 200;
/**
 * Whoever may ask with invented numbers must not fill the disk: of more answers those make room that were asked for longest ago. As many
 * as are remembered in memory; 4 KB each.
 */
const MOST_ANSWERS = 100_000;
/** They are counted after so many new ones. */
const COUNT_EVERY = 200;
/** A page of the file is damaged: that concerns the keys on it. */
const CORRUPT = 11;
const MAX_BROKEN = 1_000;

export interface SqliteOptions {
  readonly path: string;
  /**
   * An answer that nobody asked for in so many milliseconds is deleted. Only time counts in which a process had the file open, by a
   * clock that nobody can set: neither a clock that was wrong for a while, nor a long pause of the service, nor a backup deletes
   * anything.
   */
  readonly forgetAfter: number;
  readonly now: Clock;
  /** Milliseconds of any beginning, which nobody can set. */
  readonly elapsed?: Clock;
  /** Tells one start of the machine from another; undefined: nobody can tell. */
  readonly bootId?: string | undefined;
  /** The file has taken the place of another one. */
  readonly replaced?: boolean;
  /** How many answers are kept; some more may be there for a while. */
  readonly most?: number;
}

export interface SqliteArchive extends Archive {
  readonly record: ArchiveRecord;
  /** Gives a sign of life if it is time to. Never throws. */
  beat(): void;
}

/**
 * Several processes may have the file open, but it must lie on a disk of this machine (https://sqlite.org/wal.html).
 * @throws ConfigError when the file cannot be opened, or is not ours
 */
export function createSqliteArchive(options: SqliteOptions): SqliteArchive {
  const { path, now, elapsed = () => performance.now(), replaced = false } = options;
  // Undefined says that nobody can tell: no reason to look.
  const bootId = 'bootId' in options ? options.bootId : readBootId();
  const database = openSqliteFile(path);
  try {
    const rows = createRows(database);
    const record = beginRecord({
      database,
      path,
      now,
      elapsed,
      bootId,
      replaced,
      verify: () => rows.areWhole(),
    });
    return createArchive(database, rows, record, options);
  } catch (error) {
    database.close();
    throw refuse(path, error);
  }
}

function createArchive(
  database: DatabaseSync,
  rows: Rows,
  record: SqliteRecord,
  { forgetAfter, most = MOST_ANSWERS }: SqliteOptions,
): SqliteArchive {
  // Not at once: after a long pause of the whole service, what is still wanted is asked for first.
  let forgottenAt = record.usedFor();
  let uncounted = 0;
  /** Keys of rows that cannot be read: each puts the file in doubt once, and not for as long as it is asked for. */
  const broken = new Set<string>();

  function doubt(key: string): void {
    if (broken.has(key)) return;
    if (broken.size >= MAX_BROKEN) broken.clear();
    broken.add(key);
    record.doubt();
  }

  function forgetSome(): void {
    if (record.usedFor() - forgottenAt < FORGET_EVERY_MS) return;
    const deleted = rows.forget(record.usedFor() - forgetAfter);
    if (deleted > 0) record.forgot(deleted, forgetAfter);
    if (deleted < FORGET_AT_ONCE) forgottenAt = record.usedFor();
  }

  /** What made room may have been asked for a moment ago: from then on nothing is proven of what was handed out before. */
  function makeRoom(): void {
    if (uncounted++ % COUNT_EVERY > 0) return;
    const deleted = rows.forgetBeyond(most);
    if (deleted > 0) record.forgot(deleted, 0);
  }

  function writeIfUnchanged(key: string, value: Kept['value'], seen: number): Written {
    const stored = rows.find(key);
    if (typeof stored === 'object' && stored.revision > seen) {
      const { revision, value: newer } = stored;
      return { kind: 'overtaken', by: { value: newer, revision } };
    }
    if (stored === undefined) makeRoom();
    rows.put(key, value, seen + 1, record.usedFor());
    record.count(stored === undefined ? 1 : 0);
    return { kind: 'written', revision: seen + 1 };
  }

  return {
    async read(key) {
      const found = rows.find(key);
      if (found === 'unreadable') doubt(key);
      if (typeof found !== 'object') return found;
      if (record.usedFor() - found.askedAt >= MARK_AFTER_MS) rows.mark(key, record.usedFor());
      return { value: found.value, revision: found.revision };
    },
    async write(key, value, seen) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const written = writeIfUnchanged(key, value, seen);
        forgetSome();
        database.exec('COMMIT');
        return written;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    beat: () => record.beat(),
    record: {
      wholeSince: () => record.wholeSince(),
      lacks: (missing) => record.lacks(missing),
      doubt: () => record.doubt(),
      mayLack: () => false,
      wasReplaced: () => false,
    },
    async close() {
      record.end();
      database.close();
    },
  };
}

interface Found extends Kept {
  readonly askedAt: number;
}

interface Rows {
  find(key: string): Found | 'unreadable' | undefined;
  put(key: string, value: Kept['value'], revision: number, askedAt: number): void;
  /** Mere bookkeeping: a full disk or a lock must not take away what could be read. */
  mark(key: string, askedAt: number): void;
  /** @returns how many were deleted, of those that were asked for before */
  forget(before: number): number;
  /** Of more than so many some are deleted, those first that were asked for longest ago. @returns how many */
  forgetBeyond(most: number): number;
  areWhole(): boolean;
}

function createRows(database: DatabaseSync): Rows {
  const columns = 'key, value, revision, checksum, asked_at AS askedAt';
  const select = database.prepare(`SELECT ${columns} FROM last_good WHERE key = ?`);
  const selectAll = database.prepare(`SELECT ${columns} FROM last_good`);
  // A number beyond what JavaScript has would throw.
  for (const statement of [select, selectAll]) statement.setReadBigInts(true);
  const mark = database.prepare('UPDATE last_good SET asked_at = ? WHERE key = ?');
  const upsert = database.prepare(
    `INSERT INTO last_good (key, value, revision, checksum, asked_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET
       value = excluded.value, revision = excluded.revision,
       checksum = excluded.checksum, asked_at = excluded.asked_at`,
  );
  const forget = database.prepare(
    'DELETE FROM last_good WHERE key IN (SELECT key FROM last_good WHERE asked_at < ? ORDER BY asked_at LIMIT ?)',
  );
  const forgetBeyond = database.prepare(
    `DELETE FROM last_good WHERE key IN (SELECT key FROM last_good ORDER BY asked_at
     LIMIT max(0, min(?, (SELECT count(*) FROM last_good) - ?)))`,
  );
  return {
    find(key) {
      try {
        const row = select.get(key);
        return row && (parseRow(row) ?? 'unreadable');
      } catch (error) {
        if (resultCode(error) === CORRUPT) return 'unreadable';
        throw error;
      }
    },
    put(key, value, revision, askedAt) {
      const text = formatLastGood(value);
      upsert.run(key, text, revision, checksumOf(key, text, revision), askedAt);
    },
    mark(key, askedAt) {
      try {
        mark.run(askedAt, key);
      } catch {
        // The next read tries again.
      }
    },
    forget: (before) => Number(forget.run(before, FORGET_AT_ONCE).changes),
    forgetBeyond: (most) => Number(forgetBeyond.run(2 * COUNT_EVERY, most).changes),
    areWhole() {
      try {
        for (const row of selectAll.iterate()) if (parseRow(row) === undefined) return false;
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** @returns undefined when it is not what was written */
function parseRow(row: Record<string, SQLOutputValue>): Found | undefined {
  const { key, value: text, revision: number, checksum, askedAt } = row;
  const revision = Number(number);
  if (typeof key !== 'string' || typeof text !== 'string') return undefined;
  if (checksum !== checksumOf(key, text, revision)) return undefined;
  const value = parseLastGood(text);
  return value && { value, revision, askedAt: Number(askedAt) };
}

/** SQLite has none for what it reads from the disk: a bit that flipped must not become another digest. */
function checksumOf(key: string, value: string, revision: number): string {
  return createHash('sha256')
    .update(JSON.stringify([key, value, revision]))
    .digest('base64');
}
