import { describe, expect, test } from 'vitest';
import { createBackoff } from '../../../src/resilience/cool-down.ts';
import { UpstreamError, type UpstreamFailure } from '../../../src/errors.ts';

function createRegistryHarness() {
  const bed = {
    now: 1_000_000,
    generation: 0,
    calls: 0,
    failure: {} as Partial<UpstreamFailure> | undefined,
  };
  const backoff = createBackoff({ now: () => bed.now, generation: () => bed.generation });
  const ask = (key = 'a') =>
    backoff
      .run(key, async () => {
        bed.calls += 1;
        if (bed.failure === undefined) return 'ok';
        throw new UpstreamError({ kind: 'denied', host: 'h', message: 'm', ...bed.failure });
      })
      .catch((error: unknown) => (error instanceof UpstreamError ? error.failure.kind : error));
  /** Asks every second. @returns after how many milliseconds a call was made */
  async function untilNextCall(): Promise<number> {
    const [before, from] = [bed.calls, bed.now];
    while (bed.calls === before && bed.now - from < 3_600_000) {
      bed.now += 1000;
      await ask();
    }
    return bed.now - from;
  }
  return { bed, ask, untilNextCall };
}

describe('what is denied', () => {
  test.each(['denied', 'not_found'] as const)(
    'as %s is asked for ever less often, up to five minutes',
    async (kind) => {
      const { bed, ask, untilNextCall } = createRegistryHarness();
      bed.failure = { kind };
      await ask();
      const waits = [];
      for (let i = 0; i < 7; i++) waits.push(await untilNextCall());
      expect(waits).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    },
  );

  test('is asked for at once when the secret is another one, and again less and less often from then on', async () => {
    const { bed, ask, untilNextCall } = createRegistryHarness();
    await ask();
    for (let i = 0; i < 6; i++) await untilNextCall();
    bed.generation = 1;
    expect(await untilNextCall()).toBe(1000);
    expect(await untilNextCall()).toBe(15_000);
    bed.generation = 2;
    bed.failure = undefined;
    expect(await ask()).toBe('ok');
  });

  test('begins anew after a call that succeeds', async () => {
    const { bed, ask, untilNextCall } = createRegistryHarness();
    await ask();
    for (let i = 0; i < 4; i++) await untilNextCall();
    bed.failure = undefined;
    await untilNextCall();
    bed.failure = {};
    await ask();
    expect(await untilNextCall()).toBe(15_000);
  });

  test('says nothing of anything else', async () => {
    const { bed, ask } = createRegistryHarness();
    await ask('a');
    bed.failure = undefined;
    expect(await ask('b')).toBe('ok');
    expect(await ask('a')).toBe('denied');
  });
});

describe('what fails in another way', () => {
  test('is left alone for as long as upstream asks, but for a call every five minutes', async () => {
    const { bed, ask, untilNextCall } = createRegistryHarness();
    bed.failure = { kind: 'rate_limited', retryAfterMs: 3_000_000 };
    await ask();
    expect(await untilNextCall()).toBe(300_000);
    bed.failure = { kind: 'rate_limited', retryAfterMs: 7000 };
    await untilNextCall();
    expect(await untilNextCall()).toBe(7000);
  });

  test('is not tried sooner for a new secret', async () => {
    const { bed, ask, untilNextCall } = createRegistryHarness();
    bed.failure = { kind: 'unavailable' };
    await ask();
    bed.generation = 1;
    expect(await untilNextCall()).toBe(5000);
    expect(await untilNextCall()).toBe(5000);
  });
});

test.each(['denied', 'unavailable'] as const)(
  'a pause after %s is over when the clock is set back',
  async (kind) => {
    const { bed, ask } = createRegistryHarness();
    bed.failure = { kind };
    await ask();
    bed.now -= 86_400_000;
    bed.failure = undefined;
    expect(await ask()).toBe('ok');
  },
);
