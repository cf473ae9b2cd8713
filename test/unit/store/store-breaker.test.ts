import { beforeEach, describe, expect, it } from 'vitest';
import { StoreBreaker } from '../../../src/store/store-breaker.ts';

const HOUR = 3_600_000;

let now: number;
let isUp: boolean;
let errors: number;
let warnings: string[];
let breaker: StoreBreaker;

beforeEach(() => {
  now = 10 * HOUR;
  isUp = true;
  errors = 0;
  warnings = [];
  breaker = create();
});

function create(longestMs?: number): StoreBreaker {
  return new StoreBreaker({
    now: () => now,
    warn: (message) => warnings.push(message),
    observer: { storeFailed: () => errors++, storeUp: (up) => (isUp = up) },
    ...(longestMs !== undefined && { longestMs }),
  });
}

const fail = (kind: 'read' | 'write' = 'read') =>
  breaker.attempt(kind, () => Promise.reject(new Error('the disk is on fire')));
const succeed = (kind: 'read' | 'write' = 'read') => breaker.attempt(kind, () => Promise.resolve('done'));

/** @returns milliseconds until a call is made, by the number of failures */
async function pauseAfterFailure(): Promise<number> {
  const [from, before] = [now, errors];
  for (;;) {
    await fail();
    if (errors > before) return now - from;
    now += 500;
  }
}

describe('a store that failed', () => {
  it('is paused for longer and longer, up to half a minute', async () => {
    await fail();
    const pauses = [];
    for (let i = 0; i < 7; i++) pauses.push(await pauseAfterFailure());
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30].map((seconds) => seconds * 1000));
  });

  it('is paused for no longer than configured', async () => {
    breaker = create(500);
    await fail();
    expect([await pauseAfterFailure(), await pauseAfterFailure()]).toEqual([500, 500]);
  });

  it('counts calls that fail together as one failure', async () => {
    await Promise.all([fail(), fail(), fail()]);
    expect(errors).toBe(3);
    expect(await pauseAfterFailure()).toBe(1000);
  });

  it('is warned about once, and once when both reads and writes work again', async () => {
    await Promise.all([fail('read'), fail('write')]);
    expect([isUp, warnings]).toEqual([
      false,
      ['the store failed (the disk is on fire); answers are kept in memory until it works again'],
    ]);
    now += 1000;
    await succeed('read');
    expect([isUp, warnings.length]).toEqual([false, 1]);
    await succeed('write');
    expect([isUp, warnings.slice(1)]).toEqual([true, ['the store works again']]);
  });

  it('to write can still be read', async () => {
    await fail('write');
    expect(await succeed('read')).toEqual({ result: 'done' });
    expect([breaker.hasFailed('write'), breaker.hasFailed('read')]).toEqual([true, false]);
  });

  it('is tried by the next call after retryNow', async () => {
    await fail();
    breaker.retryNow();
    expect(await succeed()).toEqual({ result: 'done' });
  });
});

describe('when the clock is set back', () => {
  it('a store that failed is tried at once', async () => {
    await fail();
    expect(await succeed()).toBeUndefined();
    now -= HOUR;
    expect(await succeed()).toEqual({ result: 'done' });
    expect(breaker.hasFailed('read')).toBe(false);
  });

  it('a store that fails again is paused from then on', async () => {
    await fail();
    now -= HOUR;
    await fail();
    expect(await pauseAfterFailure()).toBe(2000);
  });
});
