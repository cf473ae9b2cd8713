/** Stores last good answers in an SQLite file. They survive the process, however it ends. */
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../clock.ts';
import type { LastGood } from '../../resolve/types.ts';
import type { Archive, Versioned, WriteResult } from '../archive.ts';
import { explainUnusable, openSqliteFile } from './file.ts';
import { readBootId, SqliteRecord } from './record.ts';
import { AnswerTable } from './table.ts';

/** Reads mark an answer as used, but a mark is written only this often. */
const MARK_AFTER_MS = 3_600_000;
/** How often unused answers are searched for. They are deleted in batches, so that no call waits long. */
const FORGET_EVERY_MS = 3_600_000;
const FORGET_BATCH = 200;
/**
 * Invented pull request numbers must not fill the disk: above this, the least recently used answers are
 * deleted. It is also the number held in memory. An answer takes 4 KB.
 */
const MAX_ANSWERS = 100_000;
/** Answers are counted after this many new ones. */
const COUNT_EVERY = 200;
const MAX_BROKEN = 1_000;

export interface SqliteOptions {
  readonly path: string;
  /**
   * Milliseconds after which an unused answer is deleted. Only time in which a process had the file open
   * counts, by a monotonic clock, so a wrong clock, a long downtime or a restored backup deletes nothing.
   */
  readonly forgetAfter: number;
  readonly now: Clock;
  /** Monotonic milliseconds. */
  readonly elapsed?: Clock | undefined;
  /** Differs for each boot of the machine; undefined if unknown. */
  readonly bootId?: string | undefined;
  /** True if the file has replaced another one. */
  readonly replaced?: boolean;
  /** Maximum number of answers; briefly exceeded. */
  readonly maxAnswers?: number;
}

/** Several processes may have the file open, but it must be on a local disk (https://sqlite.org/wal.html). */
export class SqliteArchive implements Archive {
  readonly record: SqliteRecord;
  readonly #options: SqliteOptions;
  readonly #database: DatabaseSync;
  readonly #answers: AnswerTable;
  /** In time of use. Not due at start-up, so that answers in use are read first after a long downtime. */
  #forgottenAt: number;
  #uncounted = 0;
  /** Keys of unreadable rows: each resets the record only once, not on every read. */
  readonly #broken = new Set<string>();

  /** @throws ConfigError if the file cannot be opened or belongs to another program */
  constructor(options: SqliteOptions) {
    const { path, now, elapsed = () => performance.now(), replaced = false } = options;
    // An explicit undefined means unknown.
    const bootId = 'bootId' in options ? options.bootId : readBootId();
    this.#options = options;
    const database = openSqliteFile(path);
    this.#database = database;
    try {
      const answers = new AnswerTable(database);
      const verify = () => answers.isIntact();
      this.#answers = answers;
      this.record = new SqliteRecord({ database, path, now, elapsed, bootId, replaced, verify });
      this.#forgottenAt = this.record.usedFor();
    } catch (error) {
      database.close();
      throw explainUnusable(path, error);
    }
  }

  async read(key: string): Promise<Versioned | 'unreadable' | undefined> {
    const found = this.#answers.find(key);
    if (found === 'unreadable') this.#reportBroken(key);
    if (typeof found !== 'object') return found;
    const usedFor = this.record.usedFor();
    if (usedFor - found.usedAt >= MARK_AFTER_MS) this.#answers.mark(key, usedFor);
    return { value: found.value, revision: found.revision };
  }

  async write(key: string, value: LastGood, expectedRevision: number): Promise<WriteResult> {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = this.#writeIfUnchanged(key, value, expectedRevision);
      this.#forgetUnused();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  async close(): Promise<void> {
    this.record.end();
    this.#database.close();
  }

  #writeIfUnchanged(key: string, value: LastGood, expectedRevision: number): WriteResult {
    const stored = this.#answers.find(key);
    if (typeof stored === 'object' && stored.revision > expectedRevision) {
      return { kind: 'overtaken', by: { value: stored.value, revision: stored.revision } };
    }
    if (stored === undefined) this.#makeRoom();
    const revision = expectedRevision + 1;
    this.#answers.put(key, value, revision, this.record.usedFor());
    this.record.count(stored === undefined ? 1 : 0);
    return { kind: 'written', revision };
  }

  #forgetUnused(): void {
    const { forgetAfter } = this.#options;
    const usedFor = this.record.usedFor();
    if (usedFor - this.#forgottenAt < FORGET_EVERY_MS) return;
    const deleted = this.#answers.deleteUnused(usedFor - forgetAfter, FORGET_BATCH);
    if (deleted > 0) this.record.forgot(deleted, forgetAfter);
    if (deleted < FORGET_BATCH) this.#forgottenAt = usedFor;
  }

  /** Deleted answers may be recent, so the record proves nothing about earlier ones any more. */
  #makeRoom(): void {
    const { maxAnswers = MAX_ANSWERS } = this.#options;
    if (this.#uncounted++ % COUNT_EVERY > 0) return;
    const deleted = this.#answers.deleteExcess(maxAnswers, 2 * COUNT_EVERY);
    if (deleted > 0) this.record.forgot(deleted, 0);
  }

  #reportBroken(key: string): void {
    if (this.#broken.has(key)) return;
    if (this.#broken.size >= MAX_BROKEN) this.#broken.clear();
    this.#broken.add(key);
    this.record.reportLoss();
  }
}
