import { describe, expect, test } from 'vitest';
import { CiBreaker, RateLimitBreaker } from '../../../src/ci/ci-breaker.ts';
import { UpstreamError, type UpstreamFailure } from '../../../src/errors.ts';

function createFixture() {
  const ci = {
    now: 1_000_000,
    generation: 0,
    calls: 0,
    failure: {} as Partial<UpstreamFailure> | undefined,
  };
  const breaker = new CiBreaker({ now: () => ci.now, generation: () => ci.generation });
  const ask = (key = 'a') =>
    breaker
      .run(key, async () => {
        ci.calls += 1;
        if (ci.failure === undefined) return 'ok';
        throw new UpstreamError({ kind: 'denied', host: 'h', message: 'm', ...ci.failure });
      })
      .catch((error: unknown) => (error instanceof UpstreamError ? error.failure.kind : error));
  /** Asks every second. @returns milliseconds until a call is made */
  async function untilNextCall(): Promise<number> {
    const [before, from] = [ci.calls, ci.now];
    while (ci.calls === before && ci.now - from < 3_600_000) {
      ci.now += 1000;
      await ask();
    }
    return ci.now - from;
  }
  return { ci, ask, untilNextCall };
}

describe('a denial', () => {
  test.each(['denied', 'not_found'] as const)(
    '(%s) doubles the pause each time, up to five minutes',
    async (kind) => {
      const { ci, ask, untilNextCall } = createFixture();
      ci.failure = { kind };
      await ask();
      const waits = [];
      for (let i = 0; i < 7; i++) waits.push(await untilNextCall());
      expect(waits).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    },
  );

  test('is tried again at once with a new secret, and less and less often from then on', async () => {
    const { ci, ask, untilNextCall } = createFixture();
    await ask();
    for (let i = 0; i < 6; i++) await untilNextCall();
    ci.generation = 1;
    expect(await untilNextCall()).toBe(1000);
    expect(await untilNextCall()).toBe(15_000);
    ci.generation = 2;
    ci.failure = undefined;
    expect(await ask()).toBe('ok');
  });

  test('that follows other failures is the first of its kind: those do not lengthen its pause', async () => {
    const { ci, ask, untilNextCall } = createFixture();
    ci.failure = { kind: 'malformed' };
    await ask();
    for (let i = 0; i < 6; i++) expect(await untilNextCall()).toBe(5000);
    ci.failure = { kind: 'denied' };
    expect(await untilNextCall()).toBe(5000);
    expect(await untilNextCall()).toBe(15_000);
    expect(await untilNextCall()).toBe(30_000);
    ci.failure = { kind: 'malformed' };
    expect(await untilNextCall()).toBe(60_000);
    ci.failure = { kind: 'denied' };
    expect(await untilNextCall()).toBe(5000);
    expect(await untilNextCall()).toBe(15_000);
  });

  test('is followed by short pauses again after a success', async () => {
    const { ci, ask, untilNextCall } = createFixture();
    await ask();
    for (let i = 0; i < 4; i++) await untilNextCall();
    ci.failure = undefined;
    await untilNextCall();
    ci.failure = {};
    await ask();
    expect(await untilNextCall()).toBe(15_000);
  });

  test('concerns only the same key', async () => {
    const { ci, ask } = createFixture();
    await ask('a');
    ci.failure = undefined;
    expect(await ask('b')).toBe('ok');
    expect(await ask('a')).toBe('denied');
  });
});

describe('another failure', () => {
  test('pauses for as long as CI asks, but for at most five minutes', async () => {
    const { ci, ask, untilNextCall } = createFixture();
    ci.failure = { kind: 'rate_limited', retryAfterMs: 3_000_000 };
    await ask();
    expect(await untilNextCall()).toBe(300_000);
    ci.failure = { kind: 'rate_limited', retryAfterMs: 7000 };
    await untilNextCall();
    expect(await untilNextCall()).toBe(7000);
  });

  test('is not tried sooner with a new secret', async () => {
    const { ci, ask, untilNextCall } = createFixture();
    ci.failure = { kind: 'unavailable' };
    await ask();
    ci.generation = 1;
    expect(await untilNextCall()).toBe(5000);
    expect(await untilNextCall()).toBe(5000);
  });
});

test.each(['denied', 'unavailable'] as const)(
  'a pause after %s ends when the clock is set back',
  async (kind) => {
    const { ci, ask } = createFixture();
    ci.failure = { kind };
    await ask();
    ci.now -= 86_400_000;
    ci.failure = undefined;
    expect(await ask()).toBe('ok');
  },
);

describe('a failure that concerns all of CI', () => {
  test('turns away calls for other keys', async () => {
    const { ci, ask } = createFixture();
    ci.failure = { kind: 'timeout' };
    await ask('a');
    expect([await ask('b'), ci.calls]).toEqual(['timeout', 1]);
  });
});

const limited = (retryAfterMs?: number, message = 'slow down') =>
  new UpstreamError({ kind: 'rate_limited', host: 'h', message, ...(retryAfterMs && { retryAfterMs }) });

function createConnection() {
  const connection = {
    now: 1_000_000,
    calls: 0,
    /** @returns what the call throws, or undefined if it succeeds */
    async call(error?: Error): Promise<unknown> {
      return breaker
        .run(async () => {
          connection.calls += 1;
          if (error !== undefined) throw error;
        })
        .catch((thrown: unknown) => (thrown instanceof UpstreamError ? thrown.failure : thrown));
    },
  };
  const breaker = new RateLimitBreaker(() => connection.now);
  return connection;
}

describe('a rate limit', () => {
  test('turns calls away with what is left of the wait, until it is over', async () => {
    const connection = createConnection();
    await connection.call(limited(60_000));
    connection.now += 20_000;
    expect(await connection.call()).toEqual(limited(40_000).failure);
    connection.now += 40_000;
    expect([await connection.call(), connection.calls]).toEqual([undefined, 2]);
  });

  test('may be any failure that says when to come back, as a 503 with Retry-After', async () => {
    const connection = createConnection();
    const failure = { kind: 'unavailable', host: 'h', message: 'm', retryAfterMs: 60_000 } as const;
    await connection.call(new UpstreamError(failure));
    expect(await connection.call()).toEqual(failure);
  });

  test('is prolonged, not shortened, by a concurrent one', async () => {
    const connection = createConnection();
    await Promise.all([connection.call(limited(60_000, 'first')), connection.call(limited(1_000, 'second'))]);
    connection.now += 30_000;
    expect(await connection.call()).toMatchObject({ message: 'first', retryAfterMs: 30_000 });
  });

  test('lets one call through every five minutes of a long wait, whose success ends it', async () => {
    const connection = createConnection();
    await connection.call(limited(3_000_000));
    connection.now += 60_000;
    expect(await connection.call()).toMatchObject({ retryAfterMs: 240_000 });
    connection.now += 240_000;
    expect(await connection.call(limited(2_700_000))).toMatchObject({ kind: 'rate_limited' });
    expect(await connection.call()).toMatchObject({ retryAfterMs: 300_000 });
    connection.now += 300_000;
    expect([await connection.call(), await connection.call()]).toEqual([undefined, undefined]);
    expect(connection.calls).toBe(4);
  });

  test.each(['not_found', 'malformed', 'timeout', 'unavailable'] as const)(
    'is over once a call fails for another reason: %s',
    async (kind) => {
      const connection = createConnection();
      await connection.call(limited(60_000));
      connection.now += 60_000;
      await connection.call(new UpstreamError({ kind, host: 'h', message: 'm' }));
      expect(await Promise.all([connection.call(), connection.call()])).toEqual([undefined, undefined]);
    },
  );

  test.each([
    ['a limit without a wait', limited()],
    ['another failure without a wait', new UpstreamError({ kind: 'unavailable', host: 'h', message: 'm' })],
    ['an error of our own', new Error('bug')],
  ])('%s turns no call away', async (_name, error) => {
    const connection = createConnection();
    await connection.call(error);
    expect(await connection.call()).toBeUndefined();
  });

  test('ends when the clock is set back, rather than wait for a time that may be far off', async () => {
    const connection = createConnection();
    await connection.call(limited(60_000));
    connection.now -= 500_000;
    expect(await connection.call()).toBeUndefined();
  });
});
