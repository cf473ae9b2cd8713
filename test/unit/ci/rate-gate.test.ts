import { describe, expect, it } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import { createRateGate } from '../../../src/ci/rate-gate.ts';

function limited(retryAfterMs?: number, message = 'slow down') {
  const failure = { kind: 'rate_limited' as const, host: 'h', message };
  return new UpstreamError(retryAfterMs === undefined ? failure : { ...failure, retryAfterMs });
}

function createGate() {
  const clock = { time: 1_000_000 };
  return { clock, gate: createRateGate(() => clock.time) };
}

/** What the gate throws, or undefined when it lets through. */
function refusal(gate: ReturnType<typeof createRateGate>) {
  try {
    gate.pass();
    return undefined;
  } catch (error) {
    return error instanceof UpstreamError ? error.failure : error;
  }
}

describe('a rate gate', () => {
  it('is open before anything happened', () => {
    expect(refusal(createGate().gate)).toBeUndefined();
  });

  it('refuses with the failure that closed it and with what is left of the wait, until that is over', () => {
    const { clock, gate } = createGate();
    gate.note(limited(60_000));
    clock.time += 20_000;
    expect(refusal(gate)).toEqual({ ...limited(40_000).failure });
    clock.time += 40_000;
    expect(refusal(gate)).toBeUndefined();
  });

  it('is closed by any failure that says when to come back, as a 503 with Retry-After', () => {
    const { gate } = createGate();
    gate.note(new UpstreamError({ kind: 'unavailable', host: 'h', message: 'm', retryAfterMs: 60_000 }));
    expect(refusal(gate)).toMatchObject({ kind: 'unavailable', retryAfterMs: 60_000 });
  });

  it('is not opened early by a later, shorter wait', () => {
    const { clock, gate } = createGate();
    gate.note(limited(60_000, 'first'));
    gate.note(limited(1_000, 'second'));
    clock.time += 30_000;
    expect(refusal(gate)).toMatchObject({ message: 'first', retryAfterMs: 30_000 });
  });

  it('is held longer by a later, longer wait', () => {
    const { clock, gate } = createGate();
    gate.note(limited(1_000, 'first'));
    gate.note(limited(60_000, 'second'));
    clock.time += 30_000;
    expect(refusal(gate)).toMatchObject({ message: 'second' });
  });

  it('lets one call through every five minutes of a long wait, which opens it when it succeeds', () => {
    const { clock, gate } = createGate();
    gate.note(limited(3_000_000));
    clock.time += 60_000;
    expect(refusal(gate)).toMatchObject({ retryAfterMs: 240_000 });
    clock.time += 240_000;
    expect([gate.pass(), refusal(gate)]).toMatchObject([true, { retryAfterMs: 300_000 }]);
    clock.time += 300_000;
    expect(gate.pass()).toBe(true);
    gate.open();
    expect(gate.pass()).toBe(false);
  });

  it.each([
    ['a limit without a wait', limited()],
    ['another failure without a wait', new UpstreamError({ kind: 'unavailable', host: 'h', message: 'm' })],
    ['an error of our own', new Error('bug')],
  ])('stays open after %s', (_name, error) => {
    const { gate } = createGate();
    gate.note(error);
    expect(refusal(gate)).toBeUndefined();
  });

  it('opens when the clock was set back, rather than wait for a time that may be far off', () => {
    const { clock, gate } = createGate();
    gate.note(limited(60_000));
    clock.time -= 500_000;
    expect(refusal(gate)).toBeUndefined();
  });
});
