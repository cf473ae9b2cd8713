/** The contract of every store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LastGoodStore } from '../../src/resolve/ports.ts';
import { createLastGood } from '../fixtures/store/last-good.ts';

export interface OpenStore {
  readonly store: LastGoodStore;
  close(): Promise<void>;
}

export interface StoreBed {
  /** The store of one process; `undefined` if it does not outlive the process. */
  open(): Promise<OpenStore>;
  /** The store of a process that starts now. */
  readonly survives: boolean;
  stop(): Promise<void>;
}

/** Keys consist of names of projects, branches and pull requests: any text. */
const KEYS = [
  '["shop","feature",""]',
  '["shop","feature","7"]',
  '["shop","Feature","7"]',
  `["shop","'; DROP TABLE last_good; --",""]`,
  '["shop","a\\u0000b * ? [x] {y} %s $1",""]',
  '["shop","日本語/ветка/🚀",""]',
  JSON.stringify(['shop', 'x'.repeat(255), '']),
];

export function describeStore(name: string, createBed: () => Promise<StoreBed>): void {
  describe(`the store ${name}`, () => {
    let bed: StoreBed;
    let opened: OpenStore[];

    async function open(): Promise<LastGoodStore> {
      const one = await bed.open();
      opened.push(one);
      return one.store;
    }

    beforeEach(async () => {
      bed = await createBed();
      opened = [];
    });
    afterEach(async () => {
      await Promise.all(opened.map((one) => one.close()));
      await bed.stop();
    });

    it('knows nothing of a key that was never set', async () => {
      const store = await open();
      await store.set('other', createLastGood(1));
      expect(await store.get('key')).toBeUndefined();
    });

    it('gives what was set last, to the millisecond and the character', async () => {
      const store = await open();
      const values = [createLastGood(1), createLastGood(2, { branch: '日本語 "quoted" \\ \u2028' })];
      for (const value of values) {
        expect(await store.set('key', value)).toBeUndefined();
        expect(await store.get('key')).toEqual(value);
      }
    });

    it('tells keys apart, whatever they are made of', async () => {
      const store = await open();
      for (const [i, key] of KEYS.entries()) await store.set(key, createLastGood(i + 1));
      for (const [i, key] of KEYS.entries()) expect(await store.get(key)).toEqual(createLastGood(i + 1));
    });

    it('takes an older build in place of a newer one: whoever sets it has had the newer one before', async () => {
      const store = await open();
      await store.set('key', createLastGood(2));
      expect(await store.set('key', createLastGood(1))).toBeUndefined();
      expect(await store.get('key')).toEqual(createLastGood(1));
    });

    it('gives the last confirmation, which is not worth a write each time', async () => {
      const store = await open();
      const value = createLastGood(1);
      for (const confirmedAt of [1_000, 16_000, 31_000, 400_000]) {
        await store.set('key', { ...value, confirmedAt });
        expect(await store.get('key')).toEqual({ ...value, confirmedAt });
      }
    });

    it('keeps many keys at once', async () => {
      const store = await open();
      const numbers = Array.from({ length: 300 }, (_, i) => i + 1);
      await Promise.all(numbers.map((n) => store.set(`key ${n}`, createLastGood(n))));
      const found = await Promise.all(numbers.map((n) => store.get(`key ${n}`)));
      expect(found).toEqual(numbers.map((n) => createLastGood(n)));
    });

    it('is opened anew with what was set, if it survives', async () => {
      const before = await open();
      for (const [i, key] of KEYS.entries()) await before.set(key, createLastGood(i + 1));
      const after = await open();
      for (const [i, key] of KEYS.entries()) {
        expect(await after.get(key)).toEqual(bed.survives ? createLastGood(i + 1) : undefined);
      }
    });

    it('is, if it is shared, not overwritten by one who has not seen what the other wrote', async () => {
      const [one, other] = [await open(), await open()];
      await one.set('key', createLastGood(1));
      await other.get('key');
      await one.set('key', createLastGood(3));
      expect(await other.set('key', createLastGood(2))).toEqual(bed.survives ? createLastGood(3) : undefined);
      expect(await other.get('key')).toEqual(createLastGood(bed.survives ? 3 : 2));
      // Now it has seen it.
      expect(await other.set('key', createLastGood(2))).toBeUndefined();
      expect(await (await open()).get('key')).toEqual(bed.survives ? createLastGood(2) : undefined);
    });
  });
}
