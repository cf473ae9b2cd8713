/** Since when nothing that was handed out is missing from the file: each way in which that stops being proven. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteArchive } from '../../../../src/store/sqlite/archive.ts';
import { createLastGood } from '../../../fixtures/store/last-good.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.parse('2026-01-01T00:00:00Z');
let folder: string;
let path: string;
let now: number;
let elapsed: number;
let bootId: string | undefined;
let opened: SqliteArchive[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenpin-record-'));
  path = join(folder, 'greenpin.db');
  now = START;
  elapsed = 0;
  bootId = 'boot 1';
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((one) => one.close().catch(() => undefined)));
  rmSync(folder, { recursive: true });
});

function open(replaced = false): SqliteArchive {
  const archive = new SqliteArchive({
    path,
    forgetAfter: 30 * DAY,
    now: () => now,
    elapsed: () => elapsed,
    bootId,
    replaced,
  });
  opened.push(archive);
  return archive;
}

/** With signs of life, as a process gives them. */
function pass(milliseconds: number, archive?: SqliteArchive): void {
  for (let left = milliseconds; left > 0; left -= MINUTE) {
    now += Math.min(left, MINUTE);
    elapsed += Math.min(left, MINUTE);
    archive?.record.beat();
  }
}

/** What a killed process leaves behind, elsewhere, where one then starts. */
function leaveAsKilled(): void {
  const next = join(folder, 'after kill -9');
  mkdirSync(next);
  for (const name of readdirSync(folder)) {
    if (name.startsWith('greenpin.db')) copyFileSync(join(folder, name), join(next, name));
  }
  path = join(next, 'greenpin.db');
  elapsed = 0;
}

function edit(statement: string): void {
  const database = new DatabaseSync(path);
  database.exec(statement);
  database.close();
}

/** An hour's work: two answers, and all in order. */
async function work(): Promise<SqliteArchive> {
  const archive = open();
  await archive.write('key', createLastGood(1), 0);
  await archive.write('other', createLastGood(1), 0);
  pass(HOUR, archive);
  return archive;
}

describe('the file is complete since its creation', () => {
  it('while it is used', async () => {
    const archive = await work();
    expect(archive.record.wholeSince()).toBe(START);
  });

  it('after a clean end and a restart', async () => {
    await (await work()).close();
    now += 5 * MINUTE;
    elapsed = 0;
    expect(open().record.wholeSince()).toBe(START);
    expect(readdirSync(folder).toSorted()).toContain('greenpin.db-whole');
  });

  it('after a clean end, on another machine', async () => {
    await (await work()).close();
    bootId = 'boot 2';
    expect(open().record.wholeSince()).toBe(START);
  });

  it('after kill -9 and a quick restart', async () => {
    await work();
    leaveAsKilled();
    pass(MINUTE);
    expect(open().record.wholeSince()).toBe(START);
  });

  it('after delayed writes have succeeded', async () => {
    const archive = await work();
    archive.record.setIncomplete(true);
    archive.record.setIncomplete(false);
    leaveAsKilled();
    expect(open().record.wholeSince()).toBe(START);
  });

  it('and leaves no other file at a clean end', async () => {
    await (await work()).close();
    expect(readdirSync(folder)).toEqual(['greenpin.db']);
  });
});

describe('completeness is reset', () => {
  it('after kill -9 while an answer was not written', async () => {
    const archive = await work();
    archive.record.setIncomplete(true);
    leaveAsKilled();
    expect(open().record.wholeSince()).toBe(now);
  });

  it('after an end with an unwritten answer', async () => {
    const archive = await work();
    archive.record.setIncomplete(true);
    await archive.close();
    expect(open().record.wholeSince()).toBe(now);
  });

  it('after kill -9 if the last sign of life is older than a few minutes', async () => {
    await work();
    leaveAsKilled();
    now += 4 * MINUTE;
    expect(open().record.wholeSince()).toBe(now);
  });

  it.each([['boot 2'], [undefined]])(
    'if the machine failed, or may have (%s), which can lose a write',
    async (boot) => {
      await work();
      leaveAsKilled();
      bootId = boot;
      expect(open().record.wholeSince()).toBe(now);
    },
  );

  it.each([
    ['a row is gone', "DELETE FROM last_good WHERE key = 'other'"],
    ['a row was broken', "UPDATE last_good SET value = '{}' WHERE key = 'other'"],
    ['a row has another key', "UPDATE last_good SET key = 'third' WHERE key = 'other'"],
    ['the record is gone', 'DELETE FROM meta'],
    ['the record was made older', 'UPDATE meta SET whole_since = 0'],
    ['the record is broken', "UPDATE meta SET checksum = ''"],
    ['the record has numbers beyond the safe range', 'UPDATE meta SET seen_at = 9223372036854775807'],
  ])('when %s', async (_, statement) => {
    await (await work()).close();
    edit(statement);
    expect(open().record.wholeSince()).toBe(now);
  });

  it('after kill -9 without a boot id, before or after', async () => {
    bootId = undefined;
    await work();
    leaveAsKilled();
    expect(open().record.wholeSince()).toBe(now);
  });

  it('if a row is found broken while in use', async () => {
    const archive = await work();
    edit("UPDATE last_good SET value = '{}' WHERE key = 'other'");
    expect(await archive.read('other')).toBe('unreadable');
    const since = now;
    expect(archive.record.wholeSince()).toBe(since);
    // Once, and not for as long as it is asked for.
    pass(HOUR, archive);
    expect(await archive.read('other')).toBe('unreadable');
    expect(archive.record.wholeSince()).toBe(since);
  });

  it('after a restored backup: its last sign of life is old, or in the future', async () => {
    const archive = await work();
    await archive.close();
    copyFileSync(path, join(folder, 'backup'));
    elapsed = 0;
    const later = open();
    await later.write('new', createLastGood(1), 0);
    pass(HOUR, later);
    await later.close();
    copyFileSync(join(folder, 'backup'), path);
    expect(open().record.wholeSince()).toBe(now);
    await opened.at(-1)?.close();
    now -= 10 * MINUTE;
    expect(open().record.wholeSince()).toBe(now);
  });

  it('after a restored recent backup, if the process was killed', async () => {
    await (await work()).close();
    copyFileSync(path, join(folder, 'backup'));
    elapsed = 0;
    const later = open();
    await later.write('new', createLastGood(1), 0);
    pass(2 * MINUTE, later);
    leaveAsKilled();
    copyFileSync(join(folder, 'backup'), path);
    for (const log of ['-wal', '-shm']) rmSync(`${path}${log}`, { force: true });
    expect(open().record.wholeSince()).toBe(now);
  });

  it('if the file replaced another one in use', async () => {
    await (await work()).close();
    expect(open(true).record.wholeSince()).toBe(now);
  });

  it.each([31 * DAY, HOUR, 2 * MINUTE, -2 * MINUTE, -HOUR])(
    'if the clock was set by %i ms while in use',
    async (by) => {
      const archive = await work();
      now += by;
      expect(archive.record.wholeSince()).toBe(now);
      pass(HOUR, archive);
      expect(archive.record.wholeSince()).toBe(now - HOUR);
    },
  );

  it('if the clock was corrected, a write followed, and the process was killed', async () => {
    const archive = await work();
    now += DAY;
    await archive.write('new', createLastGood(1), 0);
    const since = now;
    leaveAsKilled();
    pass(MINUTE);
    expect(open().record.wholeSince()).toBe(since);
  });

  it('if the clock was years behind at creation and corrected while unused', async () => {
    now = START - 3_000 * DAY;
    await (await work()).close();
    now = START;
    expect(open().record.wholeSince()).toBe(START);
  });
});

describe('a file with deleted answers', () => {
  it('is complete since forgetAfter before the deletion at the earliest', async () => {
    const archive = await work();
    pass(31 * DAY, archive);
    await archive.write('new', createLastGood(1), 0);
    expect(archive.record.wholeSince()).toBe(now - 30 * DAY);
    await archive.close();
    elapsed = 0;
    expect(open().record.wholeSince()).toBe(now - 30 * DAY);
  });

  it('is complete as before if none was deleted', async () => {
    const archive = open();
    await archive.write('key', createLastGood(1), 0);
    for (let day = 0; day < 40; day++) {
      pass(DAY, archive);
      await archive.read('key');
      await archive.write('key', createLastGood(1), day + 1);
    }
    expect(archive.record.wholeSince()).toBe(START);
  });
});

it('a process whose file another one has begun to use proves nothing any more', async () => {
  const first = await work();
  const second = open();
  await second.write('third', createLastGood(1), 0);
  await first.write('fourth', createLastGood(1), 0);
  expect(first.record.wholeSince()).toBeNull();
  await first.close();
  expect(existsSync(`${path}-whole`)).toBe(true);
});
