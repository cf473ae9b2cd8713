import { beforeEach, describe, expect, it } from 'vitest';
import type { Archive, Versioned } from '../../../src/store/archive.ts';
import { StoreBreaker } from '../../../src/store/store-breaker.ts';
import { ArchivedStore } from '../../../src/store/archived-store.ts';
import { createLastGood } from '../../fixtures/store/last-good.ts';

const MINUTE = 60_000;
let now: number;
let told: string[];
let up: boolean;
let errors: number;
let archive: FakeArchive;

interface FakeArchive extends Archive {
  readonly kept: Map<string, Versioned>;
  readonly calls: string[];
  /** Keys with something that cannot be read in place of an answer. */
  readonly broken: Set<string>;
  /** Keys that cannot be written, though others can. */
  readonly stuck: Set<string>;
  /** What its record was told. */
  readonly said: string[];
  failing: boolean;
  replaced: boolean;
  /** It has just lost what it had. */
  lost: boolean;
}

function createFakeArchive(): FakeArchive {
  const called = (call: string) => {
    fake.calls.push(call);
    if (fake.failing) throw new Error('the disk is on fire');
  };
  const fake: FakeArchive = {
    kept: new Map(),
    calls: [],
    broken: new Set(),
    stuck: new Set(),
    said: [],
    failing: false,
    replaced: false,
    lost: false,
    async read(key) {
      called('read');
      return fake.broken.has(key) ? 'unreadable' : fake.kept.get(key);
    },
    async write(key, value, seen) {
      called('write');
      if (fake.stuck.has(key)) throw new Error('the page is damaged');
      fake.broken.delete(key);
      const stored = fake.kept.get(key);
      if (stored !== undefined && stored.revision > seen) return { kind: 'overtaken', by: stored };
      fake.kept.set(key, { value, revision: seen + 1 });
      return { kind: 'written', revision: seen + 1 };
    },
    record: {
      wholeSince: () => 5,
      setIncomplete: (missing) => void fake.said.push(missing ? 'incomplete' : 'complete'),
      reportLoss: () => void fake.said.push('loss'),
      lostRecently: () => fake.lost,
      wasReplaced() {
        const { replaced } = fake;
        fake.replaced = false;
        return replaced;
      },
    },
    close: async () => undefined,
  };
  return fake;
}

function open(readAgainAfter: number, capacity?: number) {
  const outage = new StoreBreaker({
    now: () => now,
    warn: (message) => told.push(message),
    observer: {
      storeFailed: () => errors++,
      storeUp(is) {
        up = is;
      },
    },
  });
  return new ArchivedStore({
    archive,
    outage,
    readAgainAfter,
    now: () => now,
    ...(capacity !== undefined && { capacity }),
  });
}

beforeEach(() => {
  now = 1_000_000;
  told = [];
  up = true;
  errors = 0;
  archive = createFakeArchive();
});

describe('a file is accessed', () => {
  it('once for an answer then in memory, and again after an hour, to mark it as used', async () => {
    archive.kept.set('key', { value: createLastGood(1), revision: 1 });
    const store = open(60 * MINUTE);
    for (let i = 0; i < 60; i++) {
      expect(await store.get('key')).toEqual(createLastGood(1));
      now += MINUTE;
    }
    expect(archive.calls).toEqual(['read']);
    await store.get('key');
    expect(archive.calls).toEqual(['read', 'read']);
  });

  it('to write an answer that changed, or whose confirmation is five minutes newer', async () => {
    const store = open(60 * MINUTE);
    const write = async (number: number, confirmedAt: number) => {
      archive.calls.length = 0;
      await store.set('key', { ...createLastGood(number), confirmedAt });
      return archive.calls.length;
    };
    expect(await write(1, 0)).toBe(1);
    expect(await write(1, 15_000)).toBe(0);
    expect(await write(1, 5 * MINUTE - 1)).toBe(0);
    expect(await write(1, 5 * MINUTE)).toBe(1);
    expect(await write(1, 9 * MINUTE)).toBe(0);
    expect(await write(2, 9 * MINUTE)).toBe(1);
    expect(await write(1, 9 * MINUTE)).toBe(1);
    expect(await write(1, 14 * MINUTE)).toBe(1);
  });

  it('again after the clock was set back, since answers in memory may be of any age', async () => {
    const store = open(60 * MINUTE);
    await store.get('key');
    await store.set('key', createLastGood(1));
    archive.kept.set('key', { value: createLastGood(2), revision: 2 });
    now -= 10 * MINUTE;
    expect(await store.get('key')).toEqual(createLastGood(2));
  });

  it('to write a confirmation five minutes older, after the clock was set back', async () => {
    const store = open(60 * MINUTE);
    const write = async (confirmedAt: number) => {
      archive.calls.length = 0;
      await store.set('key', { ...createLastGood(1), confirmedAt });
      return archive.calls.length;
    };
    expect(await write(60 * MINUTE)).toBe(1);
    // Replicas that are told by one another reckon a little differently.
    expect(await write(55 * MINUTE + 1)).toBe(0);
    expect(await write(55 * MINUTE)).toBe(1);
    expect(archive.kept.get('key')?.value.confirmedAt).toBe(55 * MINUTE);
  });
});

describe('while the archive fails', () => {
  it('answers are kept in memory, and the first failure is reported once', async () => {
    archive.failing = true;
    const store = open(0);
    for (let number = 1; number <= 5; number++) {
      expect(await store.set('key', createLastGood(number))).toBeUndefined();
      expect(await store.get('key')).toEqual(createLastGood(number));
      expect(await store.get('other')).toBe('unreadable');
      now += MINUTE;
    }
    expect(told).toEqual([
      'the store failed (the disk is on fire); answers are kept in memory until it works again',
    ]);
    expect(up).toBe(false);
    expect(errors).toBeGreaterThan(1);
  });

  it('known absent keys stay absent, if nothing else writes to the archive', async () => {
    const store = open(60 * MINUTE);
    expect(await store.get('key')).toBeUndefined();
    archive.failing = true;
    expect(await store.get('key')).toBeUndefined();
    expect(await store.get('another')).toBe('unreadable');
  });

  it('known absent keys may have been written by another process since', async () => {
    const [one, other] = [open(0), open(0)];
    expect(await one.get('key')).toBeUndefined();
    await other.set('key', createLastGood(1));
    archive.failing = true;
    for (let hour = 0; hour < 3; hour++) {
      expect(await one.get('key')).toBe('unreadable');
      now += 60 * MINUTE;
    }
  });

  it('an answer evicted from memory does not count as absent', async () => {
    const store = open(60 * MINUTE, 10);
    expect(await store.get('key')).toBeUndefined();
    await store.set('key', createLastGood(1));
    for (let i = 0; i < 10; i++) await store.set(`other ${i}`, createLastGood(1));
    archive.failing = true;
    expect(await store.get('key')).toBe('unreadable');
  });

  it('an answer evicted before it was written makes the archive incomplete', async () => {
    archive.failing = true;
    const store = open(60 * MINUTE, 10);
    for (let i = 0; i < 11; i++) await store.set(`key ${i}`, createLastGood(1));
    archive.failing = false;
    now += MINUTE;
    await store.catchUp();
    expect(archive.kept.size).toBe(10);
    expect(archive.said).not.toContain('complete');
  });

  it('calls are paused for longer and longer, up to half a minute', async () => {
    archive.failing = true;
    const store = open(0);
    const asked: number[] = [];
    for (let second = 0; second < 150; second++) {
      archive.calls.length = 0;
      await store.get('key');
      if (archive.calls.length > 0) asked.push(second);
      now += 1_000;
    }
    expect(asked).toEqual([0, 1, 3, 7, 15, 31, 61, 91, 121]);
  });

  it('concurrent failures count as one', async () => {
    archive.failing = true;
    const store = open(0);
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.get(`key ${i}`)));
    now += 1_000;
    archive.calls.length = 0;
    await store.get('key');
    expect(archive.calls).toEqual(['read']);
    expect(told).toHaveLength(1);
  });

  it('missed writes are made up for once it works again, and that is reported', async () => {
    const store = open(0);
    await store.set('key', createLastGood(1));
    archive.failing = true;
    await store.set('key', createLastGood(2));
    archive.failing = false;
    now += MINUTE;
    expect(await store.get('key')).toEqual(createLastGood(2));
    await store.set('key', createLastGood(2));
    expect(archive.kept.get('key')?.value).toEqual(createLastGood(2));
    expect(told.at(-1)).toBe('the store works again');
    expect(up).toBe(true);
  });
});

describe('an unreadable answer', () => {
  it('is not absent: it is reported once, counted, and no outage', async () => {
    archive.broken.add('key').add('another');
    const store = open(0);
    for (const key of ['key', 'another', 'key']) expect(await store.get(key)).toBe('unreadable');
    expect(await store.get('third')).toBeUndefined();
    expect(told).toEqual([
      'the store holds a record that cannot be read, so the digests answered before are unknown; the next good answer overwrites it',
    ]);
    expect(errors).toBe(3);
    expect(up).toBe(true);
  });

  it('is overwritten by the next good answer', async () => {
    archive.broken.add('key');
    const store = open(0);
    await store.get('key');
    expect(await store.set('key', createLastGood(1))).toBeUndefined();
    expect(await open(0).get('key')).toEqual(createLastGood(1));
  });

  it('is still known to the process that handed it out, which writes it again', async () => {
    const store = open(0);
    await store.set('key', createLastGood(1));
    archive.broken.add('key');
    expect(await store.get('key')).toEqual(createLastGood(1));
    await store.catchUp();
    expect(await open(0).get('key')).toEqual(createLastGood(1));
  });
});

describe('an unwritten answer', () => {
  it('is written as soon as the archive works again, without a request', async () => {
    archive.failing = true;
    const store = open(60 * MINUTE);
    for (let i = 0; i < 100; i++) await store.set(`key ${i}`, createLastGood(i));
    await store.catchUp();
    expect(archive.kept.size).toBe(0);
    archive.failing = false;
    now += 1_000;
    await store.catchUp();
    expect(archive.kept.size).toBe(100);
    expect(archive.kept.get('key 99')?.value).toEqual(createLastGood(99));
    expect(up).toBe(true);
    expect(archive.said).toEqual([...Array.from({ length: 100 }, () => 'incomplete'), 'complete']);
  });

  it('is written in one pass, which a second call joins', async () => {
    archive.failing = true;
    const store = open(60 * MINUTE);
    for (let i = 0; i < 100; i++) await store.set(`key ${i}`, createLastGood(i));
    archive.failing = false;
    now += 1_000;
    archive.calls.length = 0;
    const first = store.catchUp();
    await Promise.all([store.catchUp(), store.catchUp()]);
    expect(archive.kept.size).toBe(100);
    await first;
    expect(archive.calls.filter((call) => call === 'write')).toHaveLength(100);
  });

  it('costs one call at a time while the archive still fails', async () => {
    archive.failing = true;
    const store = open(60 * MINUTE);
    for (let i = 0; i < 100; i++) await store.set(`key ${i}`, createLastGood(i));
    archive.calls.length = 0;
    now += 1_000;
    await store.catchUp();
    expect(archive.calls).toHaveLength(1);
  });

  it('is not blocked by another one that cannot be written', async () => {
    archive.stuck.add('key 0');
    const store = open(60 * MINUTE);
    await store.set('key 0', createLastGood(1));
    archive.failing = true;
    for (let i = 1; i < 10; i++) await store.set(`key ${i}`, createLastGood(i));
    archive.failing = false;
    for (let i = 0; i < 3; i++) {
      now += 30_000;
      await store.catchUp();
    }
    expect(archive.kept.size).toBe(9);
    expect(archive.said).not.toContain('complete');
  });

  it('does not replace a newer one that another process wrote meanwhile', async () => {
    const [one, other] = [open(0), open(0)];
    archive.failing = true;
    await one.set('key', createLastGood(2));
    archive.failing = false;
    await other.set('key', createLastGood(3));
    now += MINUTE;
    await one.catchUp();
    expect(archive.kept.get('key')?.value).toEqual(createLastGood(3));
    expect(await one.get('key')).toEqual(createLastGood(3));
  });

  it('does not lose to an answer for another connection or repository', async () => {
    for (const moved of [{ ci: 'ghe' }, { gitRepository: 'acme/new-shop' }]) {
      archive = createFakeArchive();
      await open(0).set('key', createLastGood(2));
      archive.stuck.add('key');
      const store = open(0);
      await store.get('key');
      await store.set('key', createLastGood(1, moved));
      now += MINUTE;
      await store.catchUp();
      expect(await store.get('key')).toEqual(createLastGood(1, moved));
      archive.stuck.clear();
      now += MINUTE;
      await store.catchUp();
      expect(archive.kept.get('key')?.value).toEqual(createLastGood(1, moved));
    }
  });

  it('that is replaced while it is being written ends as the newer one', async () => {
    archive.failing = true;
    const store = open(60 * MINUTE);
    await store.set('key', createLastGood(1));
    archive.failing = false;
    now += 1_000;
    await Promise.all([store.catchUp(), store.set('key', createLastGood(2))]);
    await store.catchUp();
    expect(await store.get('key')).toEqual(createLastGood(2));
    expect(archive.kept.get('key')?.value).toEqual(createLastGood(2));
  });
});

describe('an archive that replaced another one', () => {
  it('gets all known answers at once', async () => {
    const store = open(60 * MINUTE);
    for (let i = 0; i < 100; i++) await store.set(`key ${i}`, createLastGood(i));
    archive.kept.clear();
    archive.replaced = true;
    await store.catchUp();
    expect(archive.kept.size).toBe(100);
    expect(archive.said).toEqual(['incomplete', 'complete']);
  });

  it('may have answers that the previous one lacked', async () => {
    const store = open(60 * MINUTE);
    expect(await store.get('key')).toBeUndefined();
    archive.replaced = true;
    archive.failing = true;
    expect(await store.get('key')).toBe('unreadable');
  });

  it('makes no key absent while other processes may know it', async () => {
    const store = open(0);
    archive.lost = true;
    expect(await store.get('key')).toBe('unreadable');
    archive.lost = false;
    expect(await store.get('key')).toBeUndefined();
    expect(errors).toBe(0);
  });

  it('that is older restores no replaced answer', async () => {
    const store = open(60 * MINUTE);
    await store.set('key', createLastGood(1));
    const before = new Map(archive.kept);
    await store.set('key', createLastGood(2));
    for (const [key, kept] of before) archive.kept.set(key, kept);
    archive.replaced = true;
    await store.catchUp();
    expect(archive.kept.get('key')?.value).toEqual(createLastGood(2));
    expect(await store.get('key')).toEqual(createLastGood(2));
  });

  it('that has lost a row of ours proves nothing', async () => {
    const store = open(60 * MINUTE);
    await store.set('key', createLastGood(1));
    archive.kept.clear();
    now += 60 * MINUTE;
    expect(await store.get('key')).toEqual(createLastGood(1));
    expect(archive.said).toContain('loss');
  });
});

describe('a shared archive', () => {
  it('that works again is noticed by each replica, even if another one wrote the same', async () => {
    const [one, other] = [open(0), open(0)];
    archive.failing = true;
    await one.set('key', createLastGood(2));
    await other.set('key', createLastGood(2));
    archive.failing = false;
    now += MINUTE;
    for (const store of [one, other]) {
      await store.get('key');
      await store.set('key', createLastGood(2));
    }
    expect(told.filter((line) => line === 'the store works again')).toHaveLength(2);
  });

  it("shows another replica's answer at once", async () => {
    const [one, other] = [open(0), open(0)];
    await one.set('key', createLastGood(1));
    expect(await other.get('key')).toEqual(createLastGood(1));
    await other.set('key', createLastGood(2));
    expect(await one.get('key')).toEqual(createLastGood(2));
  });

  it("keeps another replica's answer, even after the clock was set back", async () => {
    const [one, other] = [open(0), open(0)];
    await one.set('key', createLastGood(5));
    await other.get('key');
    await other.set('key', createLastGood(6));
    now -= 10 * MINUTE;
    expect(await one.get('key')).toEqual(createLastGood(6));
    await other.set('key', createLastGood(7));
    const confirmed = { ...createLastGood(6), confirmedAt: createLastGood(6).confirmedAt - 10 * MINUTE };
    expect(await one.set('key', confirmed)).toEqual(createLastGood(7));
  });

  it("shows another replica's downgrade after its image was deleted", async () => {
    const [one, other] = [open(0), open(0)];
    await one.set('key', createLastGood(2));
    await other.get('key');
    await other.set('key', createLastGood(1));
    expect(await one.get('key')).toEqual(createLastGood(1));
  });

  it("returns another replica's unseen answer to a writer", async () => {
    const [one, other] = [open(0), open(0)];
    await one.set('key', createLastGood(1));
    await other.get('key');
    await one.set('key', createLastGood(3));
    expect(await other.set('key', createLastGood(2))).toEqual(createLastGood(3));
    // The same answer is no conflict.
    await one.set('key', createLastGood(4));
    expect(await other.set('key', createLastGood(4))).toBeUndefined();
  });

  it('is filled again by each replica after a flush', async () => {
    const store = open(0);
    await store.set('key', createLastGood(1));
    archive.kept.clear();
    expect(await store.get('key')).toEqual(createLastGood(1));
    await store.set('key', createLastGood(1));
    expect(archive.kept.get('key')?.value).toEqual(createLastGood(1));
  });

  it('that failed over and lost the last writes does not revert an answer', async () => {
    const store = open(0);
    await store.set('key', createLastGood(1));
    const before = new Map(archive.kept);
    await store.set('key', createLastGood(2));
    archive.kept.clear();
    for (const [key, kept] of before) archive.kept.set(key, kept);
    expect(await store.get('key')).toEqual(createLastGood(2));
    await store.set('key', createLastGood(2));
    expect(archive.kept.get('key')?.value).toEqual(createLastGood(2));
  });

  it('keeps the newer build of two answers given while it was down', async () => {
    const [one, other] = [open(0), open(0)];
    await one.set('key', createLastGood(1));
    await other.get('key');
    archive.failing = true;
    await one.set('key', createLastGood(2));
    await other.set('key', createLastGood(3));
    archive.failing = false;
    now += MINUTE;
    await one.get('key');
    await one.set('key', createLastGood(2));
    expect(await other.get('key')).toEqual(createLastGood(3));
    await other.set('key', createLastGood(3));
    expect(await one.get('key')).toEqual(createLastGood(3));
  });
});
