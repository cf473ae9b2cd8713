/** The database of a process that runs for long: who else may have it, and what happens when it is taken away. */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryLock } from '../../../../src/store/sqlite/file-lock.ts';
import { probeSqliteFile } from '../../../../src/store/sqlite/file.ts';
import { LiveSqlite } from '../../../../src/store/sqlite/live.ts';
import { StoreBreaker } from '../../../../src/store/store-breaker.ts';
import { ArchivedStore } from '../../../../src/store/archived-store.ts';
import { SqliteArchive } from '../../../../src/store/sqlite/archive.ts';
import { createLastGood, keptOf } from '../../../fixtures/store/last-good.ts';

const DAY = 86_400_000;
const START = 1_767_225_600_000;
let folder: string;
let path: string;
let passed: number;
let told: string[];
let up: boolean;
let whileWaiting: () => void;
let live: LiveSqlite;
let store: ArchivedStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'greenpin-live-'));
  path = join(folder, 'state', 'greenpin.db');
  mkdirSync(join(folder, 'state'));
  passed = 0;
  told = [];
  up = true;
  whileWaiting = () => undefined;
  live = create();
  store = remember(live);
});
afterEach(async () => {
  await live.close();
  rmSync(folder, { recursive: true });
});

const now = () => START + passed;

function create(name = path): LiveSqlite {
  return new LiveSqlite({
    path: name,
    forgetAfter: 30 * DAY,
    now,
    elapsed: () => passed,
    warn: (line) => void told.push(line),
    async delay(ms) {
      passed += ms;
      whileWaiting();
    },
  });
}

function remember(archive: LiveSqlite): ArchivedStore {
  const observer = { storeFailed: () => undefined, storeUp: (is: boolean) => void (up = is) };
  const outage = new StoreBreaker({ now, warn: (line) => void told.push(line), observer, longestMs: 1_000 });
  return new ArchivedStore({ archive, outage, readAgainAfter: 3_600_000, now });
}

async function openAndFill(): Promise<void> {
  await live.open();
  for (let i = 0; i < 20; i++) await store.set(`key ${i}`, createLastGood(i));
}

/** What another process finds. */
async function readBack(): Promise<number> {
  const archive = new SqliteArchive({ path, forgetAfter: DAY, now });
  let found = 0;
  for (let i = 0; i < 20; i++) {
    const kept = keptOf(await archive.read(`key ${i}`));
    if (kept?.value.set.build.position === createLastGood(i).set.build.position) found++;
  }
  await archive.close();
  return found;
}

describe('a file under one process', () => {
  it('is refused to a second one, in one line, after some seconds', async () => {
    await live.open();
    const second = create();
    await expect(second.open()).rejects.toThrow(
      `store.path: found a file in use by another Greenpin process at ${JSON.stringify(path)}, expected a separate file for each process; stop the other process, or use store.kind: redis for both`,
    );
    expect(passed).toBeGreaterThanOrEqual(5_000);
    expect(passed).toBeLessThan(30_000);
    await second.close();
    expect(await store.set('key', createLastGood(1))).toBeUndefined();
    expect(up).toBe(true);
  });

  it('is opened by a waiting second one when the first one ends', async () => {
    await openAndFill();
    const second = create();
    let ending: Promise<void> | undefined;
    whileWaiting = () => {
      ending ??= live.close();
    };
    await second.open();
    expect(keptOf(await second.read('key 3'))?.value).toEqual(createLastGood(3));
    await second.close();
  });

  it.each([
    ['one link, and the file itself', ['a.db']],
    ['two links', ['a.db', 'b.db']],
    ['a link to a link, in a linked folder', ['folder/c.db']],
  ])('is one file by whatever name: %s', async (_, [link = '', other]) => {
    symlinkSync(path, join(folder, 'a.db'));
    symlinkSync('state/greenpin.db', join(folder, 'b.db'));
    mkdirSync(join(folder, 'deep', 'er'), { recursive: true });
    symlinkSync('deep/er', join(folder, 'folder'));
    symlinkSync('../../b.db', join(folder, 'deep', 'er', 'c.db'));
    const [first, second] = [create(join(folder, link)), create(other && join(folder, other))];
    await first.open();
    await expect(second.open()).rejects.toThrow('another Greenpin process');
    await first.close();
    await second.open();
    await second.close();
    expect(readdirSync(join(folder, 'state'))).toEqual(['greenpin.db']);
  });

  it('can be looked at by others meanwhile', async () => {
    await openAndFill();
    expect(probeSqliteFile(path)).toBe('found');
    await store.set('key 1', createLastGood(50));
    expect(told).toEqual([]);
  });

  it('leaves no other file at a clean end', async () => {
    await openAndFill();
    await live.close();
    expect(readdirSync(join(folder, 'state'))).toEqual(['greenpin.db']);
  });

  it('that is not a database is left unchanged and unlocked', async () => {
    writeFileSync(path, 'somebody wants this\n');
    await expect(live.open()).rejects.toThrow('store.path: found a file that is not a database');
    expect(readdirSync(join(folder, 'state'))).toEqual(['greenpin.db']);
    expect(readFileSync(path, 'utf8')).toBe('somebody wants this\n');
  });

  it('cannot be used before it is open', async () => {
    expect(store.wholeSince()).toBeNull();
    expect(await store.get('key')).toBe('unreadable');
  });
});

describe('a lock', () => {
  it('is exclusive, and leaves nothing behind', () => {
    const lockPath = join(folder, 'lock');
    const first = tryLock(lockPath);
    expect(tryLock(lockPath)).toBeUndefined();
    first?.release();
    expect(readdirSync(folder)).toEqual(['state']);
    const second = tryLock(lockPath);
    expect(second?.isHeld()).toBe(true);
    second?.release();
  });

  it('of a killed process is free', () => {
    const lockPath = join(folder, 'lock');
    writeFileSync(lockPath, '');
    const lock = tryLock(lockPath);
    expect(lock?.isHeld()).toBe(true);
    lock?.release();
  });

  it('is lost if its file was removed', () => {
    const lockPath = join(folder, 'lock');
    const lock = tryLock(lockPath);
    rmSync(lockPath);
    expect(lock?.isHeld()).toBe(false);
    lock?.release();
  });
});

describe('a removed file', () => {
  const REPLACED =
    "the store's file was removed or replaced: Greenpin uses the file as it is now, and writes to it what this process remembers";

  it.each([
    ['the file', ['greenpin.db']],
    [
      'the file and all files beside it',
      ['greenpin.db', 'greenpin.db-wal', 'greenpin.db-shm', 'greenpin.db-lock', 'greenpin.db-whole'],
    ],
    ['the log beside it', ['greenpin.db-wal']],
    ['the lock beside it', ['greenpin.db-lock']],
  ])('is made anew with all that is known, within about a second: %s', async (_, names) => {
    await openAndFill();
    for (const name of names) rmSync(join(folder, 'state', name));
    passed += 1_000;
    await store.catchUp();
    expect(await readBack()).toBe(20);
    expect(told).toEqual([REPLACED]);
    expect(up).toBe(true);
    expect(store.wholeSince()).toBe(now());
  });

  it("is created again at a changed link's target, or if its log is gone", async () => {
    await live.close();
    const link = join(folder, 'link.db');
    symlinkSync(path, link);
    live = create(link);
    store = remember(live);
    await openAndFill();
    rmSync(`${path}-wal`);
    passed += 1_000;
    await store.catchUp();
    expect(told).toEqual([REPLACED]);
    mkdirSync(join(folder, 'other'));
    path = join(folder, 'other', 'greenpin.db');
    symlinkSync(path, join(folder, 'new'));
    renameSync(join(folder, 'new'), link);
    passed += 1_000;
    await store.catchUp();
    expect(told).toEqual([REPLACED, REPLACED]);
    expect(await readBack()).toBe(20);
    expect(store.wholeSince()).toBe(now());
    expect(tryLock(join(folder, 'state', 'greenpin.db-lock'))?.isHeld()).toBe(true);
    await expect(create(path).open()).rejects.toThrow('another Greenpin process');
  });

  it('is created again at the next write at the latest', async () => {
    await openAndFill();
    rmSync(path);
    await store.set('key 5', createLastGood(5));
    await store.set('key 6', createLastGood(60));
    const archive = new SqliteArchive({ path, forgetAfter: DAY, now });
    expect(keptOf(await archive.read('key 6'))?.value).toEqual(createLastGood(60));
    await archive.close();
  });

  it('with its folder is an outage until the folder exists again; then all is written', async () => {
    await openAndFill();
    renameSync(join(folder, 'state'), join(folder, 'elsewhere'));
    passed += 1_000;
    expect(await store.set('key 1', createLastGood(70))).toBeUndefined();
    expect(up).toBe(false);
    expect(await store.get('key 1')).toEqual(createLastGood(70));
    mkdirSync(join(folder, 'state'));
    passed += 1_000;
    await store.catchUp();
    expect(await readBack()).toBe(19);
    expect(up).toBe(true);
  });

  it('replaced by an older one gets the newer answers', async () => {
    await openAndFill();
    await live.close();
    copyFileSync(path, join(folder, 'backup'));
    live = create();
    store = remember(live);
    await live.open();
    for (let i = 0; i < 20; i++) {
      await store.get(`key ${i}`);
      expect(await store.set(`key ${i}`, createLastGood(i + 100))).toBeUndefined();
    }
    renameSync(join(folder, 'backup'), path);
    passed += 1_000;
    await store.catchUp();
    const archive = new SqliteArchive({ path, forgetAfter: DAY, now });
    for (let i = 0; i < 20; i++) {
      expect(keptOf(await archive.read(`key ${i}`))?.value).toEqual(createLastGood(i + 100));
    }
    await archive.close();
  });

  it('replaced by something else is an outage, and that is left unchanged', async () => {
    await openAndFill();
    writeFileSync(join(folder, 'other'), 'somebody wants this\n');
    renameSync(join(folder, 'other'), path);
    passed += 1_000;
    await store.set('key 1', createLastGood(70));
    expect(up).toBe(false);
    expect(await store.get('key 2')).toEqual(createLastGood(2));
    expect(await store.get('never')).toBe('unreadable');
    expect(readFileSync(path, 'utf8')).toBe('somebody wants this\n');
    expect(store.wholeSince()).toBeNull();
  });
});
