/**
 * The database's record of its own completeness: since when nothing is missing, and the file's time of use.
 *
 * `whole_since` is a time by our clock: every answer first given after it, and not deleted since, is in the
 * file. It is set when the file is created, and reset to the present if that can no longer be proven:
 * - The previous process did not end cleanly (`clean`), and one of these holds. The machine has booted since,
 *   so that a commit may be lost (known by the kernel's boot id; assumed if there is none). Or the last sign
 *   of life is more than a few minutes old. Or the proof file is gone. The proof file lies beside the
 *   database and names the process. It is removed *before* an answer is given that could not be written (on a
 *   full disk one can delete but not write), and restored once all such answers are written.
 * - The last sign of life is in the future. Or the previous process ended cleanly, but its last sign of life
 *   is more than ten minutes old, or there is a proof file, so another process has begun since. In all these
 *   cases an old copy may have replaced the file.
 * - The number of rows differs from the count, a row is broken, or the record itself is.
 * - Our clock was set: since the start it has gained or lost more than a minute on the monotonic clock.
 * - The file was removed or replaced while in use.
 *
 * After deleting unused rows it is no earlier than `forgetAfter` ago, since the deleted answers had not been
 * used since then. Once another process begins to use the file, this one can prove nothing and returns null.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '../../clock.ts';
import type { ArchiveRecord } from '../archive.ts';

const BEAT_EVERY_MS = 60_000;
/** Maximum age of a killed process's last sign of life: one beat and a restart. */
const MAX_GAP_MS = 180_000;
const MAX_CLEAN_GAP_MS = 600_000;
/** How far two clocks may drift apart before one of them counts as set. */
const CLOCK_TOLERANCE_MS = 60_000;

export interface SqliteRecordOptions {
  readonly database: DatabaseSync;
  /** The database file's path. */
  readonly path: string;
  readonly now: Clock;
  /** Monotonic milliseconds. */
  readonly elapsed: Clock;
  /** Whether every row is intact. */
  readonly verify: () => boolean;
  /** Differs for each boot of the machine; undefined if unknown. */
  readonly bootId: string | undefined;
  /** True if the file has replaced another one, so that its record does not count. */
  readonly replaced: boolean;
}

/** The contents of the table `meta`, except its checksum and the number of answers. */
interface RecordState {
  /** Identifies the process. */
  readonly run: string;
  readonly boot: string;
  readonly wholeSince: number;
  readonly seenAt: number;
  readonly clean: number;
  readonly usedFor: number;
}

interface RecordRow extends RecordState {
  readonly checksum: string;
  readonly answers: number;
}

export class SqliteRecord implements ArchiveRecord {
  readonly #options: SqliteRecordOptions;
  readonly #proof: string;
  readonly #run = randomUUID();
  readonly #usedBefore: number;
  readonly #startedAt: number;
  readonly #update: StatementSync;
  #wholeSince: number;
  /** How far the clock is ahead of the monotonic one. */
  #clockAhead: number;
  #beatAt: number;
  #verified = false;
  #incomplete = false;
  /** True once another process has begun to use the file. */
  #overtaken = false;

  /** @throws the errors of SQLite, since this is part of opening the file */
  constructor(options: SqliteRecordOptions) {
    const { database, path, now, elapsed } = options;
    this.#options = options;
    this.#proof = proofPath(path);
    const before = readRow(database);
    this.#usedBefore = before?.usedFor ?? 0;
    this.#startedAt = elapsed();
    this.#beatAt = elapsed();
    this.#wholeSince = before !== undefined && isContinued(before, options) ? before.wholeSince : now();
    this.#clockAhead = now() - elapsed();
    this.#update = database.prepare(
      `UPDATE meta SET boot = :boot, whole_since = :wholeSince, seen_at = :seenAt, clean = :clean,
         used_for = :usedFor, checksum = :checksum, answers = answers + :added
       WHERE run = :run`,
    );
    insertState(database, this.#describe(0));
    ignoreErrors(() => writeFileSync(this.#proof, this.#run));
  }

  /** @returns the file's total time of use in milliseconds; unlike a date, it cannot be set */
  usedFor(): number {
    return Math.round(this.#usedBefore + Math.max(this.#options.elapsed() - this.#startedAt, 0));
  }

  /** Call it in the transaction that writes rows. */
  count(added: number): void {
    this.#write(added);
  }

  /** Call it in the transaction that deletes rows unused for `forgetAfter` milliseconds. */
  forgot(deleted: number, forgetAfter: number): void {
    this.#watchClock();
    this.#wholeSince = Math.max(this.#wholeSince, this.#options.now() - forgetAfter);
    this.#write(-deleted);
  }

  wholeSince(): number | null {
    this.#watchClock();
    if (!this.#verified && !this.#options.verify()) this.reportLoss();
    this.#verified = true;
    return this.#overtaken ? null : this.#wholeSince;
  }

  reportLoss(): void {
    this.#reset();
    ignoreErrors(() => this.#write(0));
  }

  setIncomplete(incomplete: boolean): void {
    if (incomplete === this.#incomplete) return;
    this.#incomplete = incomplete;
    ignoreErrors(() =>
      incomplete ? rmSync(this.#proof, { force: true }) : writeFileSync(this.#proof, this.#run),
    );
  }

  /** SQLite itself loses nothing; `LiveSqlite` detects a replaced file. */
  lostRecently(): boolean {
    return false;
  }

  wasReplaced(): boolean {
    return false;
  }

  /** Writes a sign of life if one is due. Never throws. */
  beat(): void {
    if (this.#options.elapsed() - this.#beatAt >= BEAT_EVERY_MS) ignoreErrors(() => this.#write(0));
  }

  /** Records a clean end, unless answers are missing. */
  end(): void {
    if (this.#overtaken || this.#incomplete) return;
    ignoreErrors(() => {
      this.#write(0, 1);
      if (!this.#overtaken) rmSync(this.#proof, { force: true });
    });
  }

  #describe(clean: number): RecordState {
    const { now, bootId = '' } = this.#options;
    const wholeSince = this.#wholeSince;
    return { run: this.#run, boot: bootId, wholeSince, seenAt: now(), clean, usedFor: this.usedFor() };
  }

  /** Checks the clock first, so that `wholeSince` is never written together with a time of another clock. */
  #write(added: number, clean = 0): void {
    this.#watchClock();
    const state = this.#describe(clean);
    const { changes } = this.#update.run({ ...state, checksum: computeChecksum(state), added });
    if (Number(changes) === 0) this.#overtaken = true;
    this.#beatAt = this.#options.elapsed();
  }

  #watchClock(): void {
    const { now, elapsed } = this.#options;
    if (Math.abs(now() - elapsed() - this.#clockAhead) > CLOCK_TOLERANCE_MS) this.#reset();
  }

  #reset(): void {
    const { now, elapsed } = this.#options;
    this.#wholeSince = now();
    this.#clockAhead = now() - elapsed();
  }
}

function ignoreErrors(call: () => void): void {
  try {
    call();
  } catch {
    // At worst, the next process resets the record.
  }
}

/** True if nothing can have been lost since the record was last written. */
function isContinued(
  row: RecordRow,
  { database, path, now, bootId, replaced }: SqliteRecordOptions,
): boolean {
  const gap = now() - row.seenAt;
  const [{ answers } = {}] = database.prepare('SELECT count(*) AS answers FROM last_good').all();
  if (replaced || answers !== row.answers || gap < -CLOCK_TOLERANCE_MS) return false;
  const proof = readProof(path);
  if (row.clean === 1) return gap <= MAX_CLEAN_GAP_MS && proof === undefined;
  return gap <= MAX_GAP_MS && bootId !== undefined && row.boot === bootId && proof === row.run;
}

/** @returns undefined if there is no valid record, so that every answer in the file counts as just used */
function readRow(database: DatabaseSync): RecordRow | undefined {
  const select = database.prepare(
    `SELECT run, boot, whole_since AS wholeSince, seen_at AS seenAt, clean, used_for AS usedFor, checksum, answers
     FROM meta WHERE id = 1`,
  );
  // Reading an integer beyond JavaScript's safe range as a number would throw.
  select.setReadBigInts(true);
  const read = select.get();
  const row = read && (Object.fromEntries(Object.entries(read).map(toNumber)) as unknown as RecordRow);
  return row?.checksum === (row && computeChecksum(row)) ? row : undefined;
}

function toNumber([name, value]: [string, unknown]): [string, unknown] {
  return [name, typeof value === 'bigint' ? Number(value) : value];
}

function insertState(database: DatabaseSync, state: RecordState): void {
  const insert = database.prepare(
    `INSERT OR REPLACE INTO meta (id, run, boot, whole_since, seen_at, clean, used_for, checksum, answers)
     VALUES (1, :run, :boot, :wholeSince, :seenAt, :clean, :usedFor, :checksum, (SELECT count(*) FROM last_good))`,
  );
  database.exec('BEGIN IMMEDIATE');
  insert.run({ ...state, checksum: computeChecksum(state) });
  // Marks are in the future if the record was lost or is outdated.
  database.prepare('UPDATE last_good SET asked_at = ?1 WHERE asked_at > ?1').run(state.usedFor);
  database.exec('COMMIT');
}

function computeChecksum({ run, boot, wholeSince, seenAt, clean, usedFor }: RecordState): string {
  const text = JSON.stringify([run, boot, wholeSince, seenAt, clean, usedFor]);
  return createHash('sha256').update(text).digest('base64');
}

export function proofPath(path: string): string {
  return `${path}-whole`;
}

function readProof(path: string): string | undefined {
  try {
    return readFileSync(proofPath(path), 'utf8');
  } catch {
    return undefined;
  }
}

/** @returns Linux's boot id (proc(5)), or undefined on other systems */
export function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
}
