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
  it('releases its slot', async () => {
    const { limiter, call } = createFixture(1);
    const first = limiter.run('reg.test', defect);
    const second = call('works');
    await expect(first).rejects.toThrow('a defect');
    expect(await second).toBe('done');
    expect(await call('works')).toBe('done');
  });

  it('ends its trial without a result, so that the next call is the trial', async () => {
    const { clock, limiter, call } = createFixture(2);
    await call(TRIP);
    clock.now += TRIP.ms;
    await expect(limiter.run('reg.test', defect)).rejects.toThrow('a defect');
    const trial = limiter.run('reg.test', async () => {
      await expect(call('works')).rejects.toThrow(failure.message);
      return { result: 'tried', host: 'works' };
    });
    expect(await trial).toBe('tried');
    expect(clock.delays).toEqual([PATIENCE]);
    expect(await call('works')).toBe('done');
  });
});

describe('a host that has failed', () => {
  it('holds no slot', async () => {
    const { clock, call } = createFixture(1);
    await call(TRIP);
    for (let times = 0; times < 3; times++) await expect(call('works')).rejects.toThrow(failure.message);
    expect(await call('works', 'other.test')).toBe('done');
    clock.now += TRIP.ms;
    expect(await call('works')).toBe('done');
  });

  it('is not called by those who waited for a slot', async () => {
    const { call } = createFixture(1);
    const outcomes = await Promise.allSettled([call(TRIP), call(TRIP), call('works')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  });
});
