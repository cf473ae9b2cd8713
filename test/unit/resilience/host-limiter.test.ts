import { describe, expect, it } from 'vitest';
import type { UpstreamFailure } from '../../../src/errors.ts';
import { HostLimiter } from '../../../src/resilience/host-limiter.ts';

const failure: UpstreamFailure = { kind: 'timeout', host: 'reg.test', message: 'reg.test does not answer' };
const TRIP = { failure, ms: 10_000 };
const PATIENCE = 1000;

function createFixture(maxConcurrent: number) {
  const clock = { now: 1_000_000, delays: [] as number[] };
  const limiter = new HostLimiter({
    now: () => clock.now,
    delay: async (ms) => void clock.delays.push(ms),
    maxConcurrent,
  });
  const call = (host: 'works' | typeof TRIP, name = 'reg.test') =>
    limiter.run(name, async () => ({ result: 'done', host }));
  return { clock, limiter, call };
}

const defect = async () => Promise.reject(new RangeError('a defect'));

describe('a task that throws', () => {
  it('gives its slot to the next one', async () => {
    const { limiter, call } = createFixture(1);
    const first = limiter.run('reg.test', defect);
    const second = call('works');
    await expect(first).rejects.toThrow('a defect');
    expect(await second).toBe('done');
    expect(await call('works')).toBe('done');
  });

  it('ends its trial of a host that has failed, without a word on the host: the next call is a trial', async () => {
    const { clock, limiter, call } = createFixture(2);
    await call(TRIP);
    clock.now += TRIP.ms;
    await expect(limiter.run('reg.test', defect)).rejects.toThrow('a defect');
    const trial = limiter.run('reg.test', async () => {
      // Still, only one call at a time finds out.
      await expect(call('works')).rejects.toThrow(failure.message);
      return { result: 'tried', host: 'works' };
    });
    expect(await trial).toBe('tried');
    expect(clock.delays).toEqual([PATIENCE]);
    expect(await call('works')).toBe('done');
  });
});

describe('a host that is left alone', () => {
  it('keeps no slot: after its pause as many calls are made at once as before', async () => {
    const { clock, call } = createFixture(1);
    await call(TRIP);
    for (let times = 0; times < 3; times++) await expect(call('works')).rejects.toThrow(failure.message);
    expect(await call('works', 'other.test')).toBe('done');
    clock.now += TRIP.ms;
    expect(await call('works')).toBe('done');
  });

  it('is found out by the first callers only, not by those who wait for a slot', async () => {
    const { call } = createFixture(1);
    const outcomes = await Promise.allSettled([call(TRIP), call(TRIP), call('works')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  });
});
