/**
 * What the database says of itself: since when nothing is missing from it, and for how long it has been in use.
 *
 * The rule. `whole_since` is a moment of our clock such that whatever was first handed out after it, and was not forgotten, is
 * in the file. It is set when the file is made. It begins anew, at the present moment, whenever that cannot be proven any more:
 * - The process before ended without saying that all was in order (`clean`), and one of these: the machine was started meanwhile (a
 *   commit may have been lost with it; by the kernel's boot id, and where there is none that is assumed); the last sign of life is
 *   older than a few minutes; the proof beside the file is gone. That proof is a file that names the process: it is removed *before*
 *   an answer is handed out that could not be written, since a full disk lets one remove and not write; it is put back when all of
 *   them are written.
 * - The last sign of life is from the future, or, of an orderly end, older than ten minutes, or there is a proof beside the file although
 *   its process ended in order, so that another one has begun since: a copy from back then may have been put in place of the file.
 * - There are more or fewer rows than were counted, one of them is broken, or the record itself is.
 * - Our clock was set: it has run ahead of the monotonic one, or behind it, by more than a minute since.
 * - The file was removed or replaced under the process.
 * Where rows were forgotten it is no earlier than `forgetAfter` before that: nothing forgotten had been asked for since then.
 * Another process that has begun to use the file takes the word from this one: it then says nothing (null).
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../clock.ts';

const BEAT_EVERY_MS = 60_000;
/** Since the last sign of life of a process that was killed: a beat, and the time to start again. */
const LONGEST_GAP_MS = 180_000;
const LONGEST_CLEAN_GAP_MS = 600_000;
/** By so much two clocks may differ before one of them was set. */
const CLOCK_TOLERANCE_MS = 60_000;

export interface RecordOptions {
  readonly database: DatabaseSync;
  /** The database's. */
  readonly path: string;
  readonly now: Clock;
  /** Milliseconds of any beginning, which nobody can set. */
  readonly elapsed: Clock;
  /** Whether every row is what was written. */
  readonly verify: () => boolean;
  /** Tells one start of the machine from another; undefined: nobody can tell. */
  readonly bootId: string | undefined;
  /** The file has taken another one's place: what it says of itself does not count. */
  readonly replaced: boolean;
}

export interface SqliteRecord {
  /** Milliseconds that the file has been in use by a process, in all: by this nothing is forgotten because a clock was set. */
  usedFor(): number;
  /** To be called inside of a transaction that writes rows. */
  count(added: number): void;
  /** Inside of a transaction that has deleted what nobody asked for in `forgetAfter` milliseconds. */
  forgot(deleted: number, forgetAfter: number): void;
  wholeSince(): number | null;
  doubt(): void;
  lacks(missing: boolean): void;
  /** Gives a sign of life if it is time to. */
  beat(): void;
  /** Says that all is in order, if it is. */
  end(): void;
}

interface Row {
  readonly run: string;
  readonly boot: string;
  readonly wholeSince: number;
  readonly seenAt: number;
  readonly clean: number;
  readonly usedFor: number;
  readonly checksum: string;
  readonly answers: number;
}

/** @throws what SQLite does: this is a part of opening the file */
export function beginRecord(options: RecordOptions): SqliteRecord {
  const { database, path, now, elapsed, verify, bootId } = options;
  const proof = proofPath(path);
  const run = randomUUID();
  const before = readRow(database);
  const usedBefore = before?.usedFor ?? 0;
  const startedAt = elapsed();
  let wholeSince = before !== undefined && continues(before, options) ? before.wholeSince : now();
  let clockAhead = now() - elapsed();
  let beatAt = elapsed();
  let verified = false;
  let lacking = false;
  let overtaken = false;

  const update = database.prepare(
    `UPDATE meta SET boot = ?, whole_since = ?, seen_at = ?, clean = ?, used_for = ?, checksum = ?, answers = answers + ?
     WHERE run = ?`,
  );

  const usedFor = (): number => Math.round(usedBefore + Math.max(elapsed() - startedAt, 0));

  /** Looks at the clock first: what is written goes with a moment that must not be another clock's. */
  function write(added: number, clean = 0): void {
    watchClock();
    const row = { run, boot: bootId ?? '', wholeSince, seenAt: now(), clean, usedFor: usedFor() };
    const { changes } = update.run(
      row.boot,
      row.wholeSince,
      row.seenAt,
      clean,
      row.usedFor,
      checksumOf(row),
      added,
      run,
    );
    if (Number(changes) === 0) overtaken = true;
    beatAt = elapsed();
  }

  function beginAnew(): void {
    wholeSince = now();
    clockAhead = now() - elapsed();
  }

  function doubt(): void {
    beginAnew();
    attempt(() => write(0));
  }

  function watchClock(): void {
    if (Math.abs(now() - elapsed() - clockAhead) > CLOCK_TOLERANCE_MS) beginAnew();
  }

  begin(database, { run, boot: bootId ?? '', wholeSince, seenAt: now(), clean: 0, usedFor: usedBefore });
  attempt(() => writeFileSync(proof, run));
  return {
    usedFor,
    count: (added) => write(added),
    forgot(deleted, forgetAfter) {
      watchClock();
      wholeSince = Math.max(wholeSince, now() - forgetAfter);
      write(-deleted);
    },
    wholeSince() {
      watchClock();
      if (!verified && !verify()) doubt();
      verified = true;
      return overtaken ? null : wholeSince;
    },
    doubt,
    lacks(missing) {
      if (missing !== lacking)
        attempt(() => (missing ? rmSync(proof, { force: true }) : writeFileSync(proof, run)));
      lacking = missing;
    },
    beat() {
      if (elapsed() - beatAt >= BEAT_EVERY_MS) attempt(() => write(0));
    },
    end() {
      if (overtaken || lacking) return;
      attempt(() => {
        write(0, 1);
        if (!overtaken) rmSync(proof, { force: true });
      });
    },
  };
}

function attempt(call: () => void): void {
  try {
    call();
  } catch {
    // Bookkeeping. What cannot be said now makes the next process begin anew.
  }
}

/** Whether nothing can have been lost since the record was written last. */
function continues(row: Row, { database, path, now, bootId, replaced }: RecordOptions): boolean {
  const gap = now() - row.seenAt;
  const [{ answers } = {}] = database.prepare('SELECT count(*) AS answers FROM last_good').all();
  if (replaced || answers !== row.answers || gap < -CLOCK_TOLERANCE_MS) return false;
  const proof = readProof(path);
  if (row.clean === 1) return gap <= LONGEST_CLEAN_GAP_MS && proof === undefined;
  return gap <= LONGEST_GAP_MS && bootId !== undefined && row.boot === bootId && proof === row.run;
}

/** @returns undefined when there is none that can be believed: then nothing that is in the file counts as asked for long ago */
function readRow(database: DatabaseSync): Row | undefined {
  const select = database.prepare(
    `SELECT run, boot, whole_since AS wholeSince, seen_at AS seenAt, clean, used_for AS usedFor, checksum, answers
     FROM meta WHERE id = 1`,
  );
  // Numbers beyond what JavaScript has would throw.
  select.setReadBigInts(true);
  const read = select.get();
  const row = read && (Object.fromEntries(Object.entries(read).map(plain)) as unknown as Row);
  return row?.checksum === (row && checksumOf(row)) ? row : undefined;
}

function plain([name, value]: [string, unknown]): [string, unknown] {
  return [name, typeof value === 'bigint' ? Number(value) : value];
}

type Said = Omit<Row, 'checksum' | 'answers'>;

function begin(database: DatabaseSync, row: Said): void {
  database.exec('BEGIN IMMEDIATE');
  const { run, boot, wholeSince, seenAt, clean, usedFor } = row;
  database
    .prepare(
      `INSERT OR REPLACE INTO meta (id, run, boot, whole_since, seen_at, clean, used_for, checksum, answers)
       VALUES (1, ?, ?, ?, ?, ?, ?, ?, (SELECT count(*) FROM last_good))`,
    )
    .run(run, boot, wholeSince, seenAt, clean, usedFor, checksumOf(row));
  // Marks from the future: of a record that was lost, or put back.
  database.prepare('UPDATE last_good SET asked_at = ?1 WHERE asked_at > ?1').run(usedFor);
  database.exec('COMMIT');
}

function checksumOf({ run, boot, wholeSince, seenAt, clean, usedFor }: Said): string {
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

/** Linux's, which is another one after each start of the machine (proc(5)); undefined where there is none. */
export function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
}
