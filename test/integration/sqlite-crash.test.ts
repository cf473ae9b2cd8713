/** What is left of a database when its process is killed, or when its file is torn. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import type { LastGood } from '../../src/resolve/types.ts';
import { SqliteArchive } from '../../src/store/sqlite/archive.ts';
import { createLastGood, keptOf } from '../fixtures/store/last-good.ts';

const WRITER = join(import.meta.dirname, '../fixtures/store/writer.ts');
const DAY = 86_400_000;
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenpin-sqlite-'));
  path = join(folder, 'greenpin.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

function open() {
  return new SqliteArchive({ path, forgetAfter: DAY, now: Date.now });
}

/** Kills a writer after it has told of so many writes. @returns the number of the last write that it told of */
async function writeAndKill(writes: number): Promise<number> {
  const child = spawn(process.execPath, [WRITER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  let lines = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
    lines += text.split('\n').length - 1;
    if (lines >= writes) child.kill('SIGKILL');
  });
  const [, signal] = (await once(child, 'close')) as [unknown, string];
  expect(signal).toBe('SIGKILL');
  return Number(told.trimEnd().split('\n').at(-1));
}

it('every write that was acknowledged is there after kill -9, again and again', async () => {
  for (let round = 1; round <= 30; round++) {
    // From the first write, while the file is being made, to after some checkpoints.
    const last = await writeAndKill(1 + ((round * 37) % 300) * (round % 3));
    const archive = open();
    const count = keptOf(await archive.read('count'));
    expect(count?.revision).toBeGreaterThanOrEqual(last);
    expect(count?.value).toEqual(createLastGood(count?.revision ?? 0));
    for (let number = Math.max(last - 4, 1); number <= last; number++) {
      const kept = keptOf(await archive.read(`key ${number % 5}`));
      expect(kept?.value.set.build.position).toBeGreaterThanOrEqual(
        createLastGood(number).set.build.position,
      );
    }
    await archive.close();
  }
});

it('a process that is killed at any moment of its start leaves a file that opens', async () => {
  for (let round = 0; round < 10; round++) {
    const child = spawn(process.execPath, [WRITER, path], { stdio: 'ignore' });
    while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
    child.kill('SIGKILL');
    await once(child, 'close');
    const archive = open();
    await archive.write(`round ${round}`, createLastGood(round), 0);
    expect(keptOf(await archive.read(`round ${round}`))?.value).toEqual(createLastGood(round));
    await archive.close();
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
  }
});

const KEYS = Array.from({ length: 40 }, (_, i) => `key ${i}`);

/** Two values of each key: the older one in the file, the newer one in the write-ahead log. */
function older(i: number): LastGood {
  return createLastGood(100 + i);
}
function newer(i: number): LastGood {
  return createLastGood(200 + i);
}

type Random = (limit: number) => number;

/** Numbers that are the same in each run. */
function createRandom(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function flip(bytes: Buffer, random: Random): void {
  const at = random(bytes.length);
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random(8)), at);
}

async function snapshot(): Promise<{ file: Buffer; log: Buffer }> {
  const before = open();
  for (const [i, key] of KEYS.entries()) await before.write(key, older(i), 0);
  await before.close();
  const archive = open();
  for (const [i, key] of KEYS.entries()) await archive.write(key, newer(i), 1);
  const taken = { file: readFileSync(path), log: readFileSync(`${path}-wal`) };
  await archive.close();
  return taken;
}

function lay(file: Buffer, log: Buffer): void {
  rmSync(`${path}-shm`, { force: true });
  writeFileSync(path, file);
  writeFileSync(`${path}-wal`, log);
}

type Outcome = 'whole' | 'in part' | 'refused' | 'wrong';

/** What a process that starts now makes of it. */
async function examine(): Promise<Outcome> {
  let archive: ReturnType<typeof open>;
  try {
    archive = open();
  } catch (error) {
    return error instanceof ConfigError && error.problems.length === 1 ? 'refused' : 'wrong';
  }
  let read = 0;
  for (const [i, key] of KEYS.entries()) {
    // Damage that shows later is the caller's to survive.
    const value = keptOf(await archive.read(key).catch(() => undefined))?.value;
    if (value === undefined) continue;
    if (!isDeepStrictEqual(value, older(i)) && !isDeepStrictEqual(value, newer(i))) return 'wrong';
    read++;
  }
  await archive.close();
  return read === KEYS.length ? 'whole' : 'in part';
}

/** @returns each outcome that came of so many ways to tear */
async function tear(rounds: number, damage: (random: Random) => void): Promise<Outcome[]> {
  const random = createRandom(rounds);
  const outcomes = new Set<Outcome>();
  for (let round = 0; round < rounds; round++) {
    damage(random);
    outcomes.add(await examine());
  }
  return [...outcomes].toSorted();
}

describe('a file that was torn opens or is refused, and never gives what was not written', () => {
  it('when the log is cut off', async () => {
    const { file, log } = await snapshot();
    const outcomes = await tear(40, (random) => lay(file, log.subarray(0, random(log.length))));
    expect(outcomes).toEqual(['whole']);
  });

  it('when bits of the log flip', async () => {
    const { file, log } = await snapshot();
    const outcomes = await tear(60, (random) => {
      const torn = Buffer.from(log);
      for (let flips = 1 + random(3); flips > 0; flips--) flip(torn, random);
      lay(file, torn);
    });
    expect(outcomes).toEqual(['whole']);
  });

  it('when the file is cut off', async () => {
    const { file } = await snapshot();
    const outcomes = await tear(40, (random) => lay(file.subarray(0, random(file.length)), Buffer.alloc(0)));
    expect(outcomes).toContain('refused');
    expect(outcomes).not.toContain('wrong');
  });

  it('when bits of the file flip', async () => {
    const { file } = await snapshot();
    const outcomes = await tear(150, (random) => {
      const torn = Buffer.from(file);
      for (let flips = 1 + random(8); flips > 0; flips--) flip(torn, random);
      lay(torn, Buffer.alloc(0));
    });
    // The test would mean little if it had not met each of them.
    expect(outcomes).toEqual(['in part', 'refused', 'whole']);
  });
});
