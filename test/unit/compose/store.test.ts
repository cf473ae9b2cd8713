import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { composeStore } from '../../../src/compose/store.ts';
import type { World } from '../../../src/compose/runtime.ts';
import { createLastGood } from '../../fixtures/store/last-good.ts';

let folder: string;
let up: boolean;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenpin-compose-'));
  up = true;
});
afterEach(() => rmSync(folder, { recursive: true }));

function compose() {
  const observer = { storeFailed: () => undefined, storeUp: (is: boolean) => void (up = is) };
  const settings = { kind: 'sqlite', path: join(folder, 'greenpin.db'), forgetAfterMs: 86_400_000 } as const;
  const world = { env: {}, now: Date.now, warn: () => undefined } as unknown as World;
  return composeStore(settings, world, observer, () => 'token');
}

/** As on a full disk: it can be read, and not written. */
function block(): DatabaseSync {
  const other = new DatabaseSync(join(folder, 'greenpin.db'));
  other.exec('BEGIN IMMEDIATE');
  return other;
}

it('what could not be written is written soon after it can be, though nobody asks', async () => {
  const store = compose();
  await store.open();
  const other = block();
  for (let i = 0; i < 50; i++) await store.lastGood.set(`key ${i}`, createLastGood(i));
  expect(up).toBe(false);
  other.exec('ROLLBACK');
  const count = other.prepare('SELECT count(*) AS n FROM last_good');
  await expect.poll(() => count.get()?.['n'], { timeout: 10_000 }).toBe(50);
  expect(up).toBe(true);
  other.close();
  await store.close();
});

it('what could not be written is written at the end, however short ago it failed', async () => {
  const store = compose();
  await store.open();
  const other = block();
  for (let i = 0; i < 50; i++) await store.lastGood.set(`key ${i}`, createLastGood(i));
  other.exec('ROLLBACK');
  other.close();
  await store.close();
  expect(readdirSync(folder)).toEqual(['greenpin.db']);
  const again = compose();
  await again.open();
  expect(await again.lastGood.get('key 49')).toEqual(createLastGood(49));
  await again.close();
});

it('one that was never opened can be closed', async () => {
  const store = compose();
  await store.close();
  expect(readdirSync(folder)).toEqual([]);
});
