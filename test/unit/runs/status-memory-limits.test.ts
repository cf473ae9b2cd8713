/** Bounds on the other side: statuses that wait are read no less often than they should be. */
import { expect, it } from 'vitest';
import { StatusMemory } from '../../../src/runs/status-memory.ts';
import { sha } from '../../fixtures/builders.ts';

const SECOND = 1000;
const FRESH_FOR = 15 * SECOND;

function createFixture(conditional: boolean) {
  const fixture = { now: 1_000_000, calls: 0, hold: undefined as Promise<void> | undefined };
  const memory = new StatusMemory({
    statuses: {
      host: 'git.test',
      async fetchStatuses(_repository, _commit, validator) {
        fixture.calls += 1;
        await fixture.hold;
        if (validator !== undefined) return 'unchanged';
        const statuses = [{ context: 'scan', state: 'pending', outcome: 'queued' }] as const;
        return { statuses, validator: conditional ? '"1"' : undefined };
      },
    },
    gitRepository: 'acme/shop',
    isWanted: () => true,
    freshFor: () => FRESH_FOR,
    isQuotaLow: () => false,
    now: () => fixture.now,
  });
  const read = (commit: string, since = -Infinity) => memory.read(commit, since, () => false);
  return Object.assign(fixture, { read });
}

it('a commit without conditional calls is read again after freshFor, and then after twice that', async () => {
  const fixture = createFixture(false);
  const callsAfter = [];
  for (const wait of [0, 14, 1, 29, 1, 59, 1]) {
    fixture.now += wait * SECOND;
    await fixture.read(sha('a'));
    callsAfter.push(fixture.calls);
  }
  expect(callsAfter).toEqual([1, 1, 2, 2, 3, 3, 4]);
});

it.each([
  ['fifty, with conditional calls', true, 50, 100],
  ['five, without', false, 5, 10],
])('so many commits may wait at no delay: %s', async (_name, conditional, count, calls) => {
  const fixture = createFixture(conditional);
  const commits = Array.from({ length: count }, (_, i) => sha((i + 100).toString(16)));
  // What waits is counted when it is asked about, not when it is first read.
  for (const commit of [...commits, ...commits]) await fixture.read(commit);
  fixture.now += FRESH_FOR;
  for (const commit of commits) await fixture.read(commit);
  expect(fixture.calls).toBe(calls);
});

it('a caller who needs no newer answer joins a call that began earlier', async () => {
  const fixture = createFixture(true);
  const held = Promise.withResolvers<void>();
  fixture.hold = held.promise;
  const first = fixture.read(sha('a'));
  fixture.now += SECOND;
  const second = fixture.read(sha('a'));
  held.resolve();
  await Promise.all([first, second]);
  expect(fixture.calls).toBe(1);
});

it('a caller whose clock is ahead gets the answer of now', async () => {
  const fixture = createFixture(true);
  expect(await fixture.read(sha('a'), fixture.now + SECOND)).toMatchObject({ askedAt: fixture.now });
  expect(fixture.calls).toBe(1);
});
