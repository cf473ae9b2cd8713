/** What has failed is left alone; whose word ends that, and whose does not. */
import { beforeEach, describe, expect, it } from 'vitest';
import { UpstreamError, type UpstreamFailure } from '../../../src/errors.ts';
import { createPauses, type Pauses, type Visit } from '../../../src/resilience/pauses.ts';

const failed: UpstreamFailure = { kind: 'unavailable', host: 'reg.test', message: 'down' };
const SECOND = 1000;
let now: number;
let pauses: Pauses;

beforeEach(() => {
  now = 1_000_000;
  pauses = createPauses({ now: () => now, delay: async () => undefined, max: 2 });
});

async function enter(key = 'key'): Promise<Visit | UpstreamFailure> {
  try {
    return await pauses.enter(key);
  } catch (error) {
    if (error instanceof UpstreamError) return error.failure;
    throw error;
  }
}

async function visit(key = 'key'): Promise<Visit> {
  const visited = await enter(key);
  if ('leave' in visited) return visited;
  throw new Error('it is left alone');
}

async function fail(ms = 10 * SECOND, failure = failed): Promise<void> {
  (await visit()).leave({ failure, ms });
}

describe('a pause', () => {
  it('is not ended by what was asked before the failure and worked', async () => {
    const before = await visit();
    await fail();
    before.leave('works');
    expect(await enter()).toEqual(failed);
  });

  it('is not ended, when it is over, but by whoever is sent to see', async () => {
    const before = await visit();
    await fail();
    now += 10 * SECOND;
    const sent = await visit();
    before.leave('works');
    expect(await enter()).toEqual(failed);
    sent.leave('works');
    expect((await visit()).failures).toBe(0);
  });

  it('is not made shorter by another failure of the same time, but longer', async () => {
    const [first, second, third] = [await visit(), await visit(), await visit()];
    first.leave({ failure: failed, ms: 10 * SECOND });
    second.leave({ failure: { ...failed, message: 'shorter' }, ms: 2 * SECOND });
    expect(await enter()).toEqual(failed);
    third.leave({ failure: { ...failed, message: 'longer' }, ms: 20 * SECOND });
    now += 19_999;
    expect(await enter()).toMatchObject({ message: 'longer' });
    now += 1;
    await visit();
  });

  it('counts how often in a row whoever was sent to see has come back with a failure', async () => {
    await fail();
    for (const failures of [1, 2, 3]) {
      now += 10 * SECOND;
      const sent = await visit();
      expect(sent.failures).toBe(failures);
      sent.leave({ failure: failed, ms: 10 * SECOND });
    }
  });

  it('goes on to the next one where whoever was sent to see has learnt nothing', async () => {
    await fail();
    now += 10 * SECOND;
    (await visit()).leave('untold');
    expect((await visit()).failures).toBe(1);
  });

  it('tells how much is left of it, where the failure tells a time', async () => {
    await fail(10 * SECOND, { ...failed, retryAfterMs: 10 * SECOND });
    now += 4 * SECOND;
    expect(await enter()).toMatchObject({ retryAfterMs: 6 * SECOND });
  });

  it('is over when the clock was set back', async () => {
    await fail();
    now -= 3600 * SECOND;
    expect(await enter()).toHaveProperty('leave');
  });

  it('is forgotten for the one of too many keys that was asked for longest ago', async () => {
    for (const key of ['a', 'b', 'c']) (await visit(key)).leave({ failure: failed, ms: SECOND });
    await visit('a');
    expect(await enter('c')).toEqual(failed);
  });
});
