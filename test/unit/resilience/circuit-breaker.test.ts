/** Something that has failed is left alone; which calls end that, and which do not. */
import { beforeEach, describe, expect, it } from 'vitest';
import { UpstreamError, type UpstreamFailure } from '../../../src/errors.ts';
import { CircuitBreaker, type Permit } from '../../../src/resilience/circuit-breaker.ts';

const failed: UpstreamFailure = { kind: 'unavailable', host: 'reg.test', message: 'down' };
const SECOND = 1000;
let now: number;
let breaker: CircuitBreaker;

beforeEach(() => {
  now = 1_000_000;
  breaker = create('one');
});

function create(trials: 'one' | 'all'): CircuitBreaker {
  return new CircuitBreaker({ now: () => now, delay: async () => undefined, trials, maxKeys: 2 });
}

async function enter(key = 'key'): Promise<Permit | UpstreamFailure> {
  try {
    return await breaker.enter(key);
  } catch (error) {
    if (error instanceof UpstreamError) return error.failure;
    throw error;
  }
}

async function begin(key = 'key'): Promise<Permit> {
  const permit = await enter(key);
  if ('end' in permit) return permit;
  throw new Error('it is left alone');
}

async function fail(ms = 10 * SECOND, failure = failed): Promise<void> {
  (await begin()).end({ failure, ms });
}

/** @returns milliseconds until the next call is let through */
function pauseLeft(): number {
  const from = now;
  for (;;) {
    const permit = breaker.tryEnter('key');
    permit?.end('inconclusive');
    if (permit !== undefined) return now - from;
    now += 100;
  }
}

describe('a pause', () => {
  it('does not end when a call that began before the failure works', async () => {
    const before = await begin();
    await fail();
    before.end('works');
    expect(await enter()).toEqual(failed);
  });

  it('lets one trial through when it is over, and only its success ends the failure', async () => {
    const before = await begin();
    await fail();
    now += 10 * SECOND;
    const trial = await begin();
    before.end('works');
    expect(await enter()).toEqual(failed);
    trial.end('works');
    expect((await begin()).isTrial).toBe(false);
  });

  it('makes others wait for the trial, and lets them through when it works', async () => {
    breaker = new CircuitBreaker({
      now: () => now,
      delay: () => Promise.withResolvers<void>().promise,
      trials: 'one',
    });
    await fail();
    now += 10 * SECOND;
    const trial = await begin();
    const others = [begin(), begin()];
    trial.end('works');
    expect((await Promise.all(others)).map(({ isTrial }) => isTrial)).toEqual([false, false]);
  });

  it('is prolonged, not shortened, by concurrent failures', async () => {
    const [first, second, third] = [await begin(), await begin(), await begin()];
    first.end({ failure: failed, ms: 10 * SECOND });
    second.end({ failure: { ...failed, message: 'shorter' }, ms: 2 * SECOND });
    expect(await enter()).toEqual(failed);
    third.end({ failure: { ...failed, message: 'longer' }, ms: 20 * SECOND });
    now += 19_999;
    expect(await enter()).toMatchObject({ message: 'longer' });
    now += 1;
    await begin();
  });

  it('passes the trial on when a trial is inconclusive', async () => {
    await fail();
    now += 10 * SECOND;
    (await begin()).end('inconclusive');
    expect((await begin()).isTrial).toBe(true);
  });

  it('reports the remaining time, if the failure says how long to wait', async () => {
    await fail(10 * SECOND, { ...failed, retryAfterMs: 10 * SECOND });
    now += 4 * SECOND;
    expect(await enter()).toMatchObject({ retryAfterMs: 6 * SECOND });
  });

  it('ends when the clock is set back', async () => {
    await fail();
    now -= 3600 * SECOND;
    expect(await enter()).toHaveProperty('end');
  });

  it('is forgotten for the key least recently used, when there are too many', async () => {
    for (const key of ['a', 'b', 'c']) (await begin(key)).end({ failure: failed, ms: SECOND });
    await begin('a');
    expect(await enter('c')).toEqual(failed);
  });

  it('can be ended for the next call', async () => {
    await fail();
    breaker.endPauses();
    expect((await begin()).isTrial).toBe(true);
  });
});

describe.each(['one', 'all'] as const)('with %s trial(s), pauses that escalate', (trials) => {
  const trip = { failure: failed, ms: SECOND, longestMs: 5 * SECOND };

  it('double with each failure up to a limit, and start over after a success', async () => {
    breaker = create(trials);
    const pauses = [];
    for (let i = 0; i < 5; i++) {
      (await begin()).end(trip);
      pauses.push(pauseLeft());
    }
    expect(pauses).toEqual([1, 2, 4, 5, 5].map((seconds) => seconds * SECOND));
    (await begin()).end('works');
    (await begin()).end(trip);
    expect(pauseLeft()).toBe(SECOND);
  });

  it('count concurrent failures as one', async () => {
    breaker = create(trials);
    const permits = [await begin(), await begin(), await begin()];
    for (const permit of permits) permit.end(trip);
    expect(pauseLeft()).toBe(SECOND);
  });
});

describe('with trials of all callers', () => {
  beforeEach(() => {
    breaker = create('all');
  });

  it('lets every call through when the pause is over, and any success ends the failure', async () => {
    await fail();
    now += 10 * SECOND;
    const [first, second] = [await begin(), await begin()];
    first.end('works');
    expect(breaker.hasFailed('key')).toBe(false);
    second.end('inconclusive');
    expect(breaker.hasFailed('key')).toBe(false);
  });

  it('begins with the first pause when a concurrent call has just worked', async () => {
    for (let i = 0; i < 3; i++) {
      (await begin()).end({ failure: failed, ms: SECOND, longestMs: 60 * SECOND });
      now += 60 * SECOND;
    }
    const [first, second] = [await begin(), await begin()];
    first.end('works');
    second.end({ failure: failed, ms: SECOND, longestMs: 60 * SECOND });
    now += SECOND;
    expect(await enter()).toHaveProperty('end');
  });
});

/** @param error of the call; left out: it succeeds */
function call(error?: Error): Promise<string> {
  const work = async () => {
    if (error !== undefined) throw error;
    return 'done';
  };
  return breaker.run('key', work, () => ({ failure: failed, ms: SECOND }));
}

describe('a call', () => {
  it('returns its result, or throws its error, which trips the breaker', async () => {
    expect(await call()).toBe('done');
    await expect(call(new Error('first'))).rejects.toThrow('first');
    await expect(call()).rejects.toThrow(failed.message);
    now += SECOND;
    expect(await call()).toBe('done');
    expect(breaker.hasFailed('key')).toBe(false);
  });

  it('begins synchronously, so that calls keep their order', () => {
    let begun = false;
    void breaker.run(
      'key',
      async () => void (begun = true),
      () => 'works',
    );
    expect(begun).toBe(true);
  });
});
