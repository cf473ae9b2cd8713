import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../../src/errors.ts';
import { MIGRATIONS, openSqliteFile } from '../../../../src/store/sqlite/file.ts';
import { SqliteArchive } from '../../../../src/store/sqlite/archive.ts';
import { createLastGood, keptOf } from '../../../fixtures/store/last-good.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let folder: string;
let path: string;
let now: number;
/** Of any beginning, and never set. */
let elapsed: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenpin-sqlite-'));
  path = join(folder, 'greenpin.db');
  now = Date.parse('2026-01-01T00:00:00Z');
  elapsed = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(most?: number) {
  return new SqliteArchive({
    path,
    forgetAfter: 30 * DAY,
    now: () => now,
    elapsed: () => elapsed,
    ...(most !== undefined && { maxAnswers: most }),
  });
}

function pass(milliseconds: number): void {
  now += milliseconds;
  elapsed += milliseconds;
}

/** With another program's tools. */
function edit(...statements: string[]): void {
  const database = new DatabaseSync(path);
  for (const statement of statements) database.exec(statement);
  database.close();
}

async function fill(count: number): Promise<void> {
  const archive = open();
  for (let i = 0; i < count; i++) await archive.write(`key ${i}`, createLastGood(1), 0);
  await archive.close();
}

function countRows(): unknown {
  const database = new DatabaseSync(path);
  const row = database.prepare('SELECT count(*) AS n FROM last_good').get();
  database.close();
  return row?.['n'];
}

function problemOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof ConfigError && error.problems.length === 1) return error.message;
    throw error;
  }
  throw new Error('it was opened');
}

function refusal(found: string): string {
  return `store.path: found ${found} at ${JSON.stringify(path)}, expected Greenpin's own database, or a path where it can create one; nothing was overwritten`;
}

function noPlace(found: string): string {
  return `store.path: found ${found} at ${JSON.stringify(path)}, expected a directory that this user can write to; mount a volume there, or set store.path (or GREENPIN_STATE_DIRECTORY) to one`;
}

describe('a foreign database is rejected in one line and left unchanged', () => {
  it.each([
    ['a text', 'not a database, but somebody wants it\n'],
    ['one letter', 'x'],
    ['a long text', 'somebody wants this\n'.repeat(1000)],
    ['a broken header', `SQLite format 3\0${'\u0001'.repeat(5000)}`],
  ])('%s', (_, content) => {
    writeFileSync(path, content);
    expect(problemOf(open)).toBe(refusal('a file that is not a database'));
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  it.each([
    ['tables', ['CREATE TABLE t (a)', 'INSERT INTO t VALUES (1)']],
    ['a version', ['PRAGMA user_version = 1']],
    ['an application id', ['PRAGMA application_id = 1196444487']],
    ['a write-ahead log', ['PRAGMA journal_mode = WAL', 'CREATE TABLE t (a)']],
  ])("another program's database, with %s", (_, statements) => {
    edit(...statements);
    const before = createHash('sha256').update(readFileSync(path)).digest('hex');
    expect(problemOf(open)).toBe(refusal("another program's database"));
    expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(before);
  });

  it("a newer Greenpin's database", async () => {
    await open().close();
    edit(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    expect(problemOf(open)).toBe(refusal("a newer Greenpin's database"));
  });

  it('a folder', () => {
    mkdirSync(path);
    expect(problemOf(open)).toBe(noPlace('a file or directory that is missing or cannot be opened'));
  });

  it('a missing folder', () => {
    path = join(folder, 'missing', 'greenpin.db');
    expect(problemOf(open)).toBe(noPlace('a file or directory that is missing or cannot be opened'));
  });

  it('a place without write access', () => {
    path = '/proc/greenpin.db';
    expect(problemOf(open)).toBe(noPlace('a file or directory that is missing or cannot be opened'));
  });

  it('a device', () => {
    symlinkSync('/dev/full', path);
    expect(problemOf(open)).toMatch(/^store\.path: found .*, expected Greenpin's own database/);
  });

  it('a file that another process holds', async () => {
    await open().close();
    const other = new DatabaseSync(path);
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    expect(problemOf(open)).toBe(refusal('a database locked by another process'));
    other.close();
  });
});

describe('the schema', () => {
  it('identifies the file to any program', async () => {
    await open().close();
    expect(readFileSync(path).subarray(68, 72).toString()).toBe('gpin');
    expect(readFileSync(path).readUInt32BE(60)).toBe(MIGRATIONS.length);
  });

  it('of an empty file, which may exist for its ownership, is created', async () => {
    writeFileSync(path, '');
    const archive = open();
    await archive.write('key', createLastGood(1), 0);
    expect(keptOf(await archive.read('key'))?.value).toEqual(createLastGood(1));
    await archive.close();
  });

  it('of version 0 is migrated to the current one', async () => {
    edit('PRAGMA application_id = 1735420270');
    const archive = open();
    await archive.write('key', createLastGood(1), 0);
    await archive.close();
    expect(keptOf(await open().read('key'))?.value).toEqual(createLastGood(1));
  });

  it('of an older version is migrated step by step, and nothing is lost', async () => {
    const archive = open();
    await archive.write('key', createLastGood(1), 0);
    await archive.close();
    const later = [
      ...MIGRATIONS,
      'ALTER TABLE last_good ADD COLUMN note TEXT',
      "UPDATE last_good SET note = 'kept'",
    ];
    const database = openSqliteFile(path, later);
    expect(database.prepare('SELECT key, revision, note FROM last_good').all()).toEqual([
      expect.objectContaining({ key: 'key', revision: 1, note: 'kept' }),
    ]);
    database.close();
    expect(problemOf(open)).toContain("a newer Greenpin's database");
  });

  it('is unchanged if a step fails', async () => {
    await open().close();
    const broken = [...MIGRATIONS, 'CREATE TABLE half (a)', 'CREATE TABLE half (a)'];
    expect(problemOf(() => openSqliteFile(path, broken))).toContain('store.path: found');
    const database = openSqliteFile(path);
    expect(database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'half'").all()).toEqual([]);
    database.close();
  });
});

describe('a row', () => {
  it.each([
    ['is no JSON', "UPDATE last_good SET value = '{'"],
    ['has JSON of another shape', "UPDATE last_good SET value = '{}'"],
    [
      'has another digest than was written',
      "UPDATE last_good SET value = replace(value, 'sha256:', 'sha256:0')",
    ],
    ['has one digit changed', "UPDATE last_good SET value = replace(value, '290000', '290001')"],
    ['has moved to another key', "UPDATE last_good SET key = 'key' WHERE key = 'other'"],
    ['has another revision', 'UPDATE last_good SET revision = 7'],
    ['has a revision beyond the safe range', 'UPDATE last_good SET revision = 9223372036854775807'],
    ['is of another version', `UPDATE last_good SET value = '{"version":2}'`],
    ['is empty', "UPDATE last_good SET value = ''"],
  ])('that %s is unreadable, not absent, and is overwritten', async (_, statement) => {
    const before = open();
    await before.write(statement.includes("'other'") ? 'other' : 'key', createLastGood(1), 0);
    await before.close();
    edit(statement);
    const archive = open();
    expect(await archive.read('key')).toBe('unreadable');
    expect(await archive.read('another')).toBeUndefined();
    expect(await archive.write('key', createLastGood(2), 0)).toEqual({ kind: 'written', revision: 1 });
    expect(keptOf(await archive.read('key'))?.value).toEqual(createLastGood(2));
    await archive.close();
  });
});

describe('a caller with ever new numbers', () => {
  it('fills the file up to a limit: the least recently used answers are deleted, and completeness is lost', async () => {
    await fill(1000);
    pass(60_000);
    const archive = open(500);
    expect(keptOf(await archive.read('key 7'))?.value).toEqual(createLastGood(1));
    expect(archive.record.wholeSince()).toBeLessThan(now);
    for (let i = 0; i < 2000; i++) {
      pass(1);
      await archive.write(`invented ${i}`, createLastGood(1), 0);
    }
    expect(archive.record.wholeSince()).toBeGreaterThan(now - 1000);
    expect(keptOf(await archive.read('invented 1999'))?.value).toEqual(createLastGood(1));
    expect(countRows()).toBeGreaterThanOrEqual(500);
    expect(countRows()).toBeLessThanOrEqual(700);
    await archive.close();
    expect(open(500).record.wholeSince()).toBeGreaterThan(now - 1000);
  });

  it('evicts no answer in use while there are others', async () => {
    await fill(300);
    pass(2 * HOUR);
    const archive = open(600);
    for (let i = 0; i < 300; i++) await archive.read(`key ${i}`);
    for (let i = 0; i < 200; i++) await archive.write(`invented ${i}`, createLastGood(1), 0);
    await archive.write('key 1', createLastGood(2), 1);
    expect(countRows()).toBe(500);
    await archive.close();
  });
});

describe('an answer unused for forgetAfter', () => {
  it('is deleted, and one read or written meanwhile is not', async () => {
    const archive = open();
    for (const key of ['forgotten', 'read', 'written']) await archive.write(key, createLastGood(1), 0);
    for (let day = 1; day <= 31; day++) {
      pass(DAY);
      await archive.read('read');
      await archive.write('written', createLastGood(1), day);
    }
    expect(await archive.read('forgotten')).toBeUndefined();
    expect(await archive.read('read')).toBeDefined();
    expect(await archive.read('written')).toBeDefined();
    await archive.close();
  });

  it('is deleted in batches', async () => {
    const archive = open();
    for (let i = 0; i < 450; i++) await archive.write(`old ${i}`, createLastGood(1), 0);
    pass(31 * DAY);
    const left: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      await archive.write(`new ${i}`, createLastGood(1), 0);
      left.push(Number(countRows()) - i - 1);
    }
    expect(left).toEqual([250, 50, 0, 0]);
    await archive.close();
  });

  it.each([31, 3_650, -31, -3_650])('stays if the clock is %i days off for one write', async (days) => {
    await fill(50);
    now += days * DAY;
    const wrong = open();
    await wrong.write('new', createLastGood(1), 0);
    await wrong.close();
    now -= days * DAY;
    for (let start = 0; start < 3; start++) {
      const archive = open();
      pass(2 * HOUR);
      await archive.write('new', createLastGood(1), 9);
      await archive.close();
    }
    expect(countRows()).toBe(51);
  });

  it('stays if the clock is set hours ahead while a process runs', async () => {
    await fill(50);
    const archive = open();
    now += 31 * DAY;
    for (let hour = 0; hour < 5; hour++) {
      pass(HOUR);
      await archive.write('new', createLastGood(1), hour);
    }
    await archive.close();
    expect(countRows()).toBe(51);
  });

  it('is not one unused because the whole service was stopped', async () => {
    await fill(2);
    now += 90 * DAY;
    elapsed = 0;
    const archive = open();
    pass(2 * HOUR);
    await archive.write('new', createLastGood(1), 0);
    expect(await archive.read('key 0')).toBeDefined();
    expect(await archive.read('key 1')).toBeDefined();
    await archive.close();
  });

  it('is counted over many short runs of the process', async () => {
    await fill(1);
    for (let run = 0; run < 16; run++) {
      elapsed = 0;
      const archive = open();
      pass(2 * DAY);
      await archive.write('new', createLastGood(1), run);
      await archive.close();
    }
    expect(countRows()).toBe(1);
  });

  it.each([
    ["an older Greenpin's, by the machine's clock", 'UPDATE last_good SET asked_at = 1767225600000'],
    ['of the far future', 'UPDATE last_good SET asked_at = 9223372036854775807'],
    ['of a broken record', "UPDATE meta SET used_for = 9000000000000, checksum = 'x'"],
    ['of a changed record', 'UPDATE meta SET used_for = 9000000000000'],
    ['of a missing record', 'DELETE FROM meta'],
  ])('is forgotten late, never early, when its marks are %s', async (_, statement) => {
    await fill(50);
    edit(statement);
    elapsed = 0;
    const archive = open();
    pass(29 * DAY);
    await archive.write('new', createLastGood(1), 0);
    expect(countRows()).toBe(51);
    pass(2 * DAY);
    await archive.write('new', createLastGood(1), 1);
    expect(countRows()).toBe(1);
    await archive.close();
  });
});
