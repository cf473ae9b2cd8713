import { beforeEach, describe, expect, it } from 'vitest';
import { RenewingValue, type Expiring } from '../../../src/resilience/renewing-value.ts';

const HOUR = 3_600_000;

let time: number;
let exchanges: number;
let warnings: unknown[];

beforeEach(() => {
  time = 1_000_000_000;
  exchanges = 0;
  warnings = [];
});

function create() {
  return new RenewingValue<string>({ now: () => time, onRenewalFailed: (error) => warnings.push(error) });
}

/** Tokens that differ by their number and last an hour. */
const succeed = async (): Promise<Expiring<string>> => ({
  value: `token ${++exchanges}`,
  expiresAt: time + HOUR,
});
const fail = async (): Promise<Expiring<string>> => {
  exchanges++;
  throw new Error('no token');
};

/** Lets a renewal in the background finish. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

describe('a token', () => {
  it('is kept until 80% of its life has passed', async () => {
    const renewal = create();
    await renewal.read(succeed);
    time += 0.8 * HOUR - 1;
    expect(await renewal.read(succeed)).toBe('token 1');
    await settle();
    expect(exchanges).toBe(1);
  });

  it('is renewed from then on, while the old one stays in use', async () => {
    const renewal = create();
    await renewal.read(succeed);
    time += 0.8 * HOUR;
    expect(await renewal.read(succeed)).toBe('token 1');
    await settle();
    expect(await renewal.read(succeed)).toBe('token 2');
    expect(exchanges).toBe(2);
  });

  it('costs one fetch for a hundred callers, the first time and at each renewal', async () => {
    const renewal = create();
    const ask = () => Promise.all(Array.from({ length: 100 }, () => renewal.read(succeed)));
    expect(new Set(await ask())).toEqual(new Set(['token 1']));
    time += 0.9 * HOUR;
    expect(new Set(await ask())).toEqual(new Set(['token 1']));
    await settle();
    time += 2 * HOUR;
    expect(new Set(await ask())).toEqual(new Set(['token 3']));
    expect(exchanges).toBe(3);
  });

  it('that has expired or is about to is never used', async () => {
    const renewal = create();
    await renewal.read(succeed);
    time += HOUR - 30_000;
    expect(await renewal.read(succeed)).toBe('token 2');
    time += HOUR;
    await expect(renewal.read(fail)).rejects.toThrow('no token');
  });

  it('with a short life is used for most of it', async () => {
    const renewal = create();
    const brief = async () => ({ value: `token ${++exchanges}`, expiresAt: time + 10_000 });
    await renewal.read(brief);
    time += 8999;
    expect(await renewal.read(fail)).toBe('token 1');
    await settle();
    time += 1;
    expect(await renewal.read(brief)).toBe('token 3');
  });

  it('is renewed when the clock is set back, since the rest of its life is unknown', async () => {
    const renewal = create();
    await renewal.read(succeed);
    time -= 1;
    expect(await renewal.read(succeed)).toBe('token 2');
  });
});

describe('a renewal that fails', () => {
  it('leaves the old token in use while it lasts, is reported once, and is repeated every half minute', async () => {
    const renewal = create();
    await renewal.read(succeed);
    time += 0.8 * HOUR;
    for (const wait of [0, 29_999, 1, 30_000]) {
      time += wait;
      expect(await renewal.read(fail)).toBe('token 1');
      await settle();
    }
    expect(exchanges).toBe(1 + 3);
    expect(warnings).toEqual([new Error('no token')]);
  });

  it('is reported again after a success', async () => {
    const renewal = create();
    await renewal.read(succeed);
    for (let i = 0; i < 2; i++) {
      time += 0.8 * HOUR;
      await renewal.read(fail);
      await settle();
      time += 30_000;
      await renewal.read(succeed);
      await settle();
    }
    expect(warnings).toHaveLength(2);
  });

  it('fails every caller when there is no token, and is not remembered', async () => {
    const renewal = create();
    const outcomes = await Promise.allSettled([renewal.read(fail), renewal.read(fail)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(exchanges).toBe(1);
    expect(warnings).toEqual([]);
    expect(await renewal.read(succeed)).toBe('token 2');
  });
});

describe('a token that was rejected', () => {
  it('stays in use when there is no new one, and is not invalidated again at once', async () => {
    const renewal = create();
    const refused = await renewal.read(succeed);
    time += 5 * 60_000;
    expect(renewal.invalidate(refused)).toBe(true);
    expect(await Promise.all([renewal.read(fail), renewal.read(fail)])).toEqual(['token 1', 'token 1']);
    expect(exchanges).toBe(2);
    expect(warnings).toHaveLength(1);
    expect(renewal.invalidate(refused)).toBe(false);
    expect(await renewal.read(fail)).toBe('token 1');
    expect(exchanges).toBe(2);
    time += 30_000;
    expect(renewal.invalidate(refused)).toBe(true);
    expect(await renewal.read(succeed)).toBe('token 3');
  });

  it('is not used when it expires while there is no new one', async () => {
    const renewal = create();
    const refused = await renewal.read(succeed);
    time += 5 * 60_000;
    renewal.invalidate(refused);
    const late = async (): Promise<never> => {
      time += HOUR;
      throw new Error('no token');
    };
    await expect(renewal.read(late)).rejects.toThrow('no token');
  });

  it('is replaced by the next read, unless it is young', async () => {
    const renewal = create();
    const refused = await renewal.read(succeed);
    time += 5 * 60_000;
    expect(renewal.invalidate(refused)).toBe(true);
    expect(await renewal.read(succeed)).toBe('token 2');
  });

  it('stays in use while it is young, since another one would be forbidden too', async () => {
    const renewal = create();
    const refused = await renewal.read(succeed);
    time += 5 * 60_000 - 1;
    expect(renewal.invalidate(refused)).toBe(false);
    expect(await renewal.read(succeed)).toBe('token 1');
  });

  it('does not invalidate another one', async () => {
    const renewal = create();
    await renewal.read(succeed);
    time += 6 * 60_000;
    expect(renewal.invalidate('of somebody else')).toBe(false);
    expect(await renewal.read(succeed)).toBe('token 1');
  });
});

describe('without background renewal', () => {
  it('callers wait for a new token after 80% of its lifetime, and get its failure', async () => {
    const renewal = new RenewingValue<string>({ now: () => time });
    await renewal.read(succeed);
    time += 0.8 * HOUR - 1;
    expect(await renewal.read(fail)).toBe('token 1');
    time += 1;
    await expect(renewal.read(fail)).rejects.toThrow('no token');
    expect(await renewal.read(succeed)).toBe('token 3');
  });

  it('a rejected token is dropped at once, unless it is another one', async () => {
    const renewal = new RenewingValue<string>({ now: () => time });
    const rejected = await renewal.read(succeed);
    expect([renewal.invalidate('another'), renewal.invalidate(rejected)]).toEqual([false, true]);
    expect(await renewal.read(succeed)).toBe('token 2');
    expect(renewal.invalidate()).toBe(true);
    expect(await renewal.read(succeed)).toBe('token 3');
  });
});
