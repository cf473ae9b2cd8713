import { expect, it } from 'vitest';
import { StoreBreaker } from '../../../src/store/store-breaker.ts';

const HOUR = 3_600_000;
const OBSERVER = { storeFailed: () => undefined, storeUp: () => undefined };

it('a store that failed is not left alone for as long as the clock was then set back', async () => {
  let now = 10 * HOUR;
  const outage = new StoreBreaker({ now: () => now, warn: () => undefined, observer: OBSERVER });
  await outage.attempt('read', () => Promise.reject(new Error('the disk is on fire')));
  expect(await outage.attempt('read', () => Promise.resolve('read'))).toBeUndefined();
  now -= HOUR;
  expect(await outage.attempt('read', () => Promise.resolve('read'))).toEqual({ result: 'read' });
  expect(outage.hasFailed('read')).toBe(false);
});

it('a store that fails again after the clock was set back is left alone from then on', async () => {
  let now = 10 * HOUR;
  let asked = 0;
  const outage = new StoreBreaker({ now: () => now, warn: () => undefined, observer: OBSERVER });
  const fail = () => {
    asked += 1;
    return Promise.reject(new Error('the disk is on fire'));
  };
  await outage.attempt('read', fail);
  now -= HOUR;
  await outage.attempt('read', fail);
  now += 1_999;
  await outage.attempt('read', fail);
  expect(asked).toBe(2);
  now += 1;
  await outage.attempt('read', fail);
  expect(asked).toBe(3);
});
