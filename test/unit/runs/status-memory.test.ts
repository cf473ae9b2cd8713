/** How often the statuses of a commit are read. */
import { describe, expect, test } from 'vitest';
import type { CommitStatus } from '../../../src/ci/commit-statuses.ts';
import { UpstreamError, type UpstreamFailureKind } from '../../../src/errors.ts';
import type { GateReading } from '../../../src/resolve/ports.ts';
import { createStatusGate } from '../../../src/runs/status-gate.ts';
import { StatusMemory } from '../../../src/runs/status-memory.ts';
import { sha } from '../../fixtures/builders.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const FRESH_FOR = 15 * SECOND;

function createFixture({ conditional = true } = {}) {
  const fixture = {
    now: 1_000_000,
    /** By commit; a commit without an entry has no status. */
    states: new Map<string, CommitStatus['state']>(),
    calls: [] as string[],
    quotaIsLow: false,
    failure: undefined as UpstreamFailureKind | undefined,
    hold: undefined as Promise<void> | undefined,
  };
  const memory = new StatusMemory({
    statuses: {
      host: 'git.test',
      async fetchStatuses(_repository, commit, validator) {
        const state = fixture.states.get(commit);
        fixture.calls.push(validator === undefined ? commit : `${commit} if changed`);
        await fixture.hold;
        if (fixture.failure !== undefined) {
          throw new UpstreamError({ kind: fixture.failure, host: 'git.test', message: 'git.test failed' });
        }
        if (conditional && validator === String(state)) return 'unchanged';
        const statuses = state === undefined ? [] : [{ context: 'scan', state, outcome: state }];
        return {
          statuses: [
            ...statuses,
            { context: 'lint', state: 'pending' as const, outcome: String(fixture.now) },
          ],
          validator: conditional ? String(state) : undefined,
        };
      },
    },
    gitRepository: 'acme/shop',
    isWanted: (context) => context === 'scan',
    freshFor: () => FRESH_FOR,
    isQuotaLow: () => fixture.quotaIsLow,
    now: () => fixture.now,
  });
  const gate = createStatusGate(memory, ['scan']);
  /** Asks every 15 seconds. @returns the number of calls */
  async function poll(commit: string, forMs: number): Promise<number> {
    const before = fixture.calls.length;
    for (const end = fixture.now + forMs; fixture.now < end; fixture.now += FRESH_FOR)
      await gate.read(commit);
    return fixture.calls.length - before;
  }
  return Object.assign(fixture, { gate, poll });
}

async function verdictOf(reading: Promise<GateReading | { kind: 'failed' }>): Promise<string> {
  const known = await reading;
  return known.kind === 'failed' ? 'failed' : known.status;
}

const A = sha('a');

describe('a commit whose statuses are green', () => {
  test('costs no call for an hour', async () => {
    const fixture = createFixture();
    fixture.states.set(A, 'success');
    expect(await fixture.poll(A, HOUR)).toBe(1);
  });

  test('is then read again in the background, and may have turned red', async () => {
    const fixture = createFixture();
    fixture.states.set(A, 'success');
    await fixture.gate.read(A);
    fixture.states.set(A, 'unsuccessful');
    fixture.now += HOUR;
    expect(await verdictOf(fixture.gate.read(A))).toBe('green');
    expect(fixture.calls).toHaveLength(2);
    await new Promise(setImmediate);
    expect(await verdictOf(fixture.gate.read(A))).toBe('unsuccessful');
  });

  test('is not used for ever while the host cannot say', async () => {
    const fixture = createFixture();
    fixture.states.set(A, 'success');
    await fixture.gate.read(A);
    fixture.failure = 'unavailable';
    fixture.now += HOUR;
    expect(await verdictOf(fixture.gate.read(A))).toBe('green');
    fixture.now += HOUR;
    expect(await verdictOf(fixture.gate.read(A))).toBe('failed');
  });

  test('is read again at once if the caller needs a newer answer', async () => {
    const fixture = createFixture();
    fixture.states.set(A, 'success');
    await fixture.gate.read(A);
    fixture.now += MINUTE;
    const reading = await fixture.gate.read(A, fixture.now);
    expect(reading).toMatchObject({ status: 'green', askedAt: fixture.now, passedAt: 1_000_000 });
  });

  test('passed when it was first seen to, anew after it had closed', async () => {
    const fixture = createFixture();
    fixture.states.set(A, 'success');
    await fixture.gate.read(A);
    for (const state of ['pending', 'success'] as const) {
      fixture.now += MINUTE;
      fixture.states.set(A, state);
      await fixture.gate.read(A, fixture.now);
    }
    expect(fixture.gate.peek(A)?.passedAt).toBe(1_000_000 + 2 * MINUTE);
  });
});

describe('a commit whose statuses are not green', () => {
  test('is read after freshFor at first, later less often', async () => {
    const fixture = createFixture();
    fixture.states.set(A, 'pending');
    expect(await fixture.poll(A, 2 * MINUTE)).toBe(8);
    expect(await fixture.poll(A, 58 * MINUTE)).toBeLessThan(40);
    expect(await fixture.poll(A, 10 * HOUR)).toBeLessThan(35);
    expect(fixture.calls.slice(1).every((call) => call.endsWith('if changed'))).toBe(true);
  });

  test('without conditional calls, ever less often from the start', async () => {
    const fixture = createFixture({ conditional: false });
    expect(await fixture.poll(A, HOUR)).toBeLessThanOrEqual(9);
    expect(await fixture.poll(A, 10 * HOUR)).toBeLessThanOrEqual(11);
  });

  test('turns green with the next call', async () => {
    const fixture = createFixture();
    expect(await verdictOf(fixture.gate.read(A))).toBe('incomplete');
    fixture.states.set(A, 'success');
    expect(await verdictOf(fixture.gate.read(A))).toBe('incomplete');
    fixture.now += FRESH_FOR;
    expect(await verdictOf(fixture.gate.read(A))).toBe('green');
  });

  test('is a failure, not closed, while the host cannot say', async () => {
    const fixture = createFixture();
    await fixture.gate.read(A);
    fixture.now += FRESH_FOR;
    fixture.failure = 'denied';
    expect(await verdictOf(fixture.gate.read(A))).toBe('failed');
    const { length } = fixture.calls;
    expect(await verdictOf(fixture.gate.read(A))).toBe('failed');
    expect(fixture.calls).toHaveLength(length);
  });

  test('is read every five minutes at most while the quota is low', async () => {
    const fixture = createFixture();
    fixture.quotaIsLow = true;
    expect(await fixture.poll(A, HOUR)).toBeLessThanOrEqual(12);
  });
});

describe('calls', () => {
  test('of concurrent callers are one', async () => {
    const fixture = createFixture();
    const held = Promise.withResolvers<void>();
    fixture.hold = held.promise;
    const readings = Array.from({ length: 100 }, () => fixture.gate.read(A));
    held.resolve();
    await Promise.all(readings);
    expect(fixture.calls).toEqual([A]);
  });

  test.each([
    // With conditional calls 50 per freshFor of 15 s, otherwise five.
    [true, 12_000],
    [false, 1_200],
  ])('for a thousand commits that wait are few (conditional: %s)', async (conditional, most) => {
    const fixture = createFixture({ conditional });
    const commits = Array.from({ length: 1000 }, (_, i) => sha(i.toString(16).padStart(4, '0')));
    for (const commit of commits) await fixture.gate.read(commit);
    expect(fixture.calls).toHaveLength(1000);
    for (let cycle = 0; cycle < 120; cycle++) {
      fixture.now += 30 * SECOND;
      for (const commit of commits) await fixture.gate.read(commit);
    }
    expect(fixture.calls.length - 1000).toBeLessThanOrEqual(most);
    // None of them is forgotten in favor of others.
    const counts = Map.groupBy(fixture.calls, (call) => call.slice(0, 40)).values();
    expect(Math.min(...[...counts].map(({ length }) => length))).toBeGreaterThanOrEqual(2);
  });

  test('in flight are too old for a caller who needs a newer answer', async () => {
    const fixture = createFixture();
    const held = Promise.withResolvers<void>();
    fixture.hold = held.promise;
    const first = fixture.gate.read(A);
    fixture.now += SECOND;
    fixture.states.set(A, 'success');
    const second = fixture.gate.read(A, fixture.now);
    held.resolve();
    expect(await Promise.all([verdictOf(first), verdictOf(second)])).toEqual(['incomplete', 'green']);
    expect(fixture.calls).toEqual([A, `${A} if changed`]);
  });
});
