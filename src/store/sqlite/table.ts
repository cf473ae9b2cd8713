/** The table of last good answers. */
import { createHash } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { LastGood } from '../../resolve/types.ts';
import type { Versioned } from '../archive.ts';
import { formatLastGood, parseLastGood } from '../last-good-json.ts';
import { resultCode } from './file.ts';

/** A page of the file is damaged, which affects only the keys on it (SQLITE_CORRUPT). */
const CORRUPT = 11;

const COLUMNS = 'key, value, revision, checksum, asked_at AS usedAt';

interface StoredAnswer extends Versioned {
  /** When it was last used, in milliseconds of the file's time of use. */
  readonly usedAt: number;
}

export class AnswerTable {
  readonly #select: StatementSync;
  readonly #selectAll: StatementSync;
  readonly #mark: StatementSync;
  readonly #upsert: StatementSync;
  readonly #deleteUnused: StatementSync;
  readonly #deleteExcess: StatementSync;

  constructor(database: DatabaseSync) {
    this.#select = database.prepare(`SELECT ${COLUMNS} FROM last_good WHERE key = ?`);
    this.#selectAll = database.prepare(`SELECT ${COLUMNS} FROM last_good`);
    // Reading an integer beyond JavaScript's safe range as a number would throw.
    for (const statement of [this.#select, this.#selectAll]) statement.setReadBigInts(true);
    this.#mark = database.prepare('UPDATE last_good SET asked_at = ? WHERE key = ?');
    this.#upsert = database.prepare(
      `INSERT INTO last_good (key, value, revision, checksum, asked_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET
         value = excluded.value, revision = excluded.revision,
         checksum = excluded.checksum, asked_at = excluded.asked_at`,
    );
    this.#deleteUnused = database.prepare(
      'DELETE FROM last_good WHERE key IN (SELECT key FROM last_good WHERE asked_at < ? ORDER BY asked_at LIMIT ?)',
    );
    this.#deleteExcess = database.prepare(
      `DELETE FROM last_good WHERE key IN (SELECT key FROM last_good ORDER BY asked_at
       LIMIT max(0, min(?, (SELECT count(*) FROM last_good) - ?)))`,
    );
  }

  /** @returns `unreadable` if the row is corrupt */
  find(key: string): StoredAnswer | 'unreadable' | undefined {
    try {
      const row = this.#select.get(key);
      return row && (parseRow(row) ?? 'unreadable');
    } catch (error) {
      if (resultCode(error) === CORRUPT) return 'unreadable';
      throw error;
    }
  }

  put(key: string, value: LastGood, revision: number, usedAt: number): void {
    const text = formatLastGood(value);
    this.#upsert.run(key, text, revision, computeChecksum(key, text, revision), usedAt);
  }

  /** Marks an answer as used. Ignores errors: a full disk or a lock must not make a read fail. */
  mark(key: string, usedAt: number): void {
    try {
      this.#mark.run(usedAt, key);
    } catch {
      // The next read tries again.
    }
  }

  /** Deletes answers last used before a point in time. @returns how many */
  deleteUnused(before: number, limit: number): number {
    return Number(this.#deleteUnused.run(before, limit).changes);
  }

  /** Deletes the least recently used answers above a maximum. @returns how many */
  deleteExcess(maxAnswers: number, limit: number): number {
    return Number(this.#deleteExcess.run(limit, maxAnswers).changes);
  }

  /** @returns whether every row is intact */
  isIntact(): boolean {
    try {
      for (const row of this.#selectAll.iterate()) if (parseRow(row) === undefined) return false;
      return true;
    } catch {
      return false;
    }
  }
}

function parseRow(row: Record<string, SQLOutputValue>): StoredAnswer | undefined {
  const { key, value: text, revision: number, checksum, usedAt } = row;
  const revision = Number(number);
  if (typeof key !== 'string' || typeof text !== 'string') return undefined;
  if (checksum !== computeChecksum(key, text, revision)) return undefined;
  const value = parseLastGood(text);
  return value && { value, revision, usedAt: Number(usedAt) };
}

/** SQLite does not verify data that it reads from disk, and a flipped bit must not become another digest. */
function computeChecksum(key: string, value: string, revision: number): string {
  return createHash('sha256')
    .update(JSON.stringify([key, value, revision]))
    .digest('base64');
}
