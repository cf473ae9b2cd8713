/** What the database says of itself after its process was killed: nothing was lost, or nobody can tell. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteArchive } from '../../src/store/sqlite/archive.ts';
import { readBootId } from '../../src/store/sqlite/record.ts';

const KEEPER = join(import.meta.dirname, '../fixtures/store/keeper.ts');
let folder: string;
let path: string;
let keepers: ChildProcessByStdio<Writable, Readable, Readable>[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenpin-whole-'));
  path = join(folder, 'greenpin.db');
  keepers = [];
});
afterEach(async () => {
  for (const child of keepers) await kill(child);
  rmSync(folder, { recursive: true });
});

async function kill(child: (typeof keepers)[number]): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function startKeeper() {
  const child = spawn(process.execPath, [KEEPER, path], { stdio: ['pipe', 'pipe', 'pipe'] });
  keepers.push(child);
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const read = async () => String((await lines.next()).value);
  const since = Number((await read()).slice('whole since '.length));
  return {
    since,
    child,
    complaints: () => complaints,
    async handOut(key: string) {
      child.stdin.write(`${key}\n`);
      expect(await read()).toBe(`handed out ${key}`);
    },
  };
}

function wholeSince(): number | null {
  const archive = new SqliteArchive({ path, forgetAfter: 86_400_000, now: Date.now });
  const since = archive.record.wholeSince();
  archive.close().catch(() => undefined);
  return since;
}

describe.skipIf(readBootId() === undefined)('after kill -9', () => {
  it('nothing is missing when all that was handed out had been written', async () => {
    const keeper = await startKeeper();
    await keeper.handOut('key');
    await kill(keeper.child);
    expect(wholeSince()).toBe(keeper.since);
  });

  it('nobody can tell when something that was handed out could not be written', async () => {
    const keeper = await startKeeper();
    await keeper.handOut('key');
    // As on a full disk: it can be read, and not written.
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await keeper.handOut('lost');
    expect(keeper.complaints()).toContain('the store failed');
    await kill(keeper.child);
    other.exec('ROLLBACK');
    other.close();
    const before = Date.now();
    expect(wholeSince()).toBeGreaterThanOrEqual(before);
  });
});

describe('a file that a process has', () => {
  it('is refused to another one, and is free at once when that process is killed', async () => {
    const keeper = await startKeeper();
    await keeper.handOut('key');
    const second = spawn(process.execPath, [KEEPER, path], { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaints = '';
    second.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    const [status] = (await once(second, 'close')) as [number];
    expect(status).not.toBe(0);
    expect(complaints).toContain('store.path: found a file in use by another Greenpin process at');
    expect(existsSync(`${path}-lock`)).toBe(true);
    await kill(keeper.child);
    const next = await startKeeper();
    await next.handOut('another');
  });

  it('has after kill -9 what belongs to it beside it, and what SQLite has', async () => {
    const keeper = await startKeeper();
    await keeper.handOut('key');
    await kill(keeper.child);
    const left = [
      'greenpin.db',
      'greenpin.db-lock',
      'greenpin.db-shm',
      'greenpin.db-wal',
      'greenpin.db-whole',
    ];
    expect(readdirSync(folder).toSorted()).toEqual(left);
  });
});
