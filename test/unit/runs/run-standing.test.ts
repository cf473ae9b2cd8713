import { describe, expect, test } from 'vitest';
import { createRun, sha } from '../../fixtures/builders.ts';
import { createFixture, FRESH_FOR, ids, runsFrom } from '../../fixtures/runs/harness.ts';

const LEFT_AT = 1_000_000 + FRESH_FOR;

type Bed = ReturnType<typeof createFixture>;

async function standing(ci: Bed, branch: string, id: string) {
  const known = await ci.index.read({ branch: branch });
  if (known.kind !== 'known') throw new TypeError(known.failure.kind);
  return known.standing(id);
}

/** A branch whose only run has left the first page with the listing at `LEFT_AT`. */
async function createQuiet(): Promise<Bed> {
  const ci = createFixture([createRun({ id: '999', branch: 'quiet' })]);
  await ci.index.read({ branch: 'quiet' });
  ci.add(...runsFrom(1000, 1010));
  ci.now += FRESH_FOR;
  await ci.index.read({ branch: 'quiet' });
  ci.calls.length = 0;
  return ci;
}

describe('the last confirmation of a run’s state', () => {
  test('each listing confirms its first page, even if unchanged', async () => {
    const ci = createFixture(runsFrom(1, 4));
    expect(await standing(ci, 'branch-1', '1')).toMatchObject({ confirmedAt: 1_000_000 });
    ci.now += FRESH_FOR;
    expect(await standing(ci, 'branch-1', '1')).toMatchObject({ confirmedAt: 1_000_000 + FRESH_FOR });
  });

  test('runs that have left the first page keep their time', async () => {
    const ci = await createQuiet();
    ci.now += FRESH_FOR;
    expect(await standing(ci, 'quiet', '999')).toMatchObject({ confirmedAt: LEFT_AT });
  });

  test('an earlier report is not confirmed by a later one', async () => {
    const ci = createFixture(runsFrom(1, 4));
    const before = await ci.index.read({ branch: 'branch-1' });
    ci.now += FRESH_FOR;
    await ci.index.read({ branch: 'branch-1' });
    expect(before.kind === 'known' && before.standing('1').confirmedAt).toBe(1_000_000);
  });

  test('a filtered list, which may lag behind, confirms no known run', async () => {
    const ci = await createQuiet();
    ci.now += FRESH_FOR;
    await ci.index.readFurther({ branch: 'quiet' });
    expect(ci.calls).toContain('branch quiet 1');
    expect(await standing(ci, 'quiet', '999')).toMatchObject({ confirmedAt: LEFT_AT });
  });
});

describe('the latest time of a run’s push', () => {
  test('is CI’s end time for a run first seen after it ended', async () => {
    const ci = createFixture([createRun({ id: '1', updatedAt: 5000 })]);
    expect(await standing(ci, 'feature', '1')).toMatchObject({ pushedBy: 5000 });
  });

  test.each([600_000, 86_400_000])('a CI clock %i ms ahead of ours yields no future times', async (ahead) => {
    const ci = createFixture([createRun({ id: '1', updatedAt: 1_000_000 + ahead })]);
    expect(await standing(ci, 'feature', '1')).toMatchObject({ pushedBy: 1_000_000 });
    ci.now += FRESH_FOR;
    expect(await standing(ci, 'feature', '1')).toMatchObject({ pushedBy: 1_000_000 });
  });

  test.each([
    ['ends', { state: 'success', outcome: 'success' }],
    ['is run again', { attempt: 2 }],
  ] as const)('of a run that %s, when that was first seen by our clock', async (_what, change) => {
    const ci = createFixture([createRun({ id: '1', state: 'running' })]);
    await ci.index.read({ branch: 'feature' });
    ci.update('1', change);
    ci.now += FRESH_FOR;
    expect(await standing(ci, 'feature', '1')).toMatchObject({ pushedBy: ci.now });
    const seenAt = ci.now;
    ci.now += 3 * FRESH_FOR;
    expect(await standing(ci, 'feature', '1')).toMatchObject({ pushedBy: seenAt });
  });

  test('is the change of an ended run if CI does not count attempts', async () => {
    const ci = createFixture([createRun({ id: '1' })]);
    await ci.index.read({ branch: 'feature' });
    ci.update('1', { updatedAt: 9000 });
    ci.now += FRESH_FOR;
    expect(await standing(ci, 'feature', '1')).toMatchObject({ pushedBy: ci.now });
  });
});

describe('confirming runs', () => {
  const QUIET = createRun({ id: '999', branch: 'quiet' });

  test('costs one listing for all runs of the first page, or nothing if it is recent enough', async () => {
    const ci = createFixture(runsFrom(1, 4));
    await ci.index.read({ branch: 'branch-1' });
    ci.now += 10;
    expect(await ci.index.confirm(runsFrom(1, 4), ci.now)).toEqual({ kind: 'confirmed' });
    expect(await ci.index.confirm(runsFrom(1, 4), ci.now)).toEqual({ kind: 'confirmed' });
    expect(ci.calls).toEqual(['list 1', 'list 1']);
  });

  test('fetches other runs by id, once for concurrent callers', async () => {
    const ci = await createQuiet();
    ci.now += 10;
    const asked = Array.from({ length: 20 }, () => ci.index.confirm([QUIET], ci.now));
    for (const result of await Promise.all(asked)) expect(result).toEqual({ kind: 'confirmed' });
    expect(ci.calls).toEqual(['list 1', 'run 999']);
    expect(await standing(ci, 'quiet', '999')).toMatchObject({ confirmedAt: ci.now });
  });

  test('finds re-runs and deletions', async () => {
    const ci = await createQuiet();
    ci.update('999', { attempt: 2, state: 'unsuccessful', outcome: 'failure' });
    ci.now += 10;
    await ci.index.confirm([QUIET], ci.now);
    expect(await ci.index.read({ branch: 'quiet' })).toMatchObject({ runs: [{ attempt: 2 }] });
    ci.runs = ci.runs.filter(({ id }) => id !== '999');
    ci.now += 10;
    expect(await ci.index.confirm([QUIET], ci.now)).toEqual({ kind: 'confirmed' });
    expect(await ci.index.read({ branch: 'quiet' })).toMatchObject({ runs: [] });
  });

  test.each([
    ['list 1', 'listing'],
    ['run 999', 'call for the run'],
  ])('a failure of %s, the %s, is told, and not met again at once', async (call) => {
    const ci = await createQuiet();
    ci.failure = 'unavailable';
    ci.failing = (one) => one === call;
    ci.now += 10;
    expect(await ci.index.confirm([QUIET], ci.now)).toMatchObject({ failure: { kind: 'unavailable' } });
    expect(await ci.index.confirm([QUIET], ci.now)).toMatchObject({ failure: { kind: 'unavailable' } });
    expect(ci.calls.filter((one) => one === call)).toHaveLength(1);
  });

  test('does not accept an older state than the known one', async () => {
    const ci = await createQuiet();
    ci.update('999', { updatedAt: 1 });
    ci.now += 10;
    expect(await ci.index.confirm([QUIET], ci.now)).toMatchObject({ kind: 'failed' });
  });

  test('makes another listing if the one in flight began too early', async () => {
    const ci = createFixture(runsFrom(1, 4));
    const gate = Promise.withResolvers<void>();
    ci.hold = gate.promise;
    const first = ci.index.read({ branch: 'branch-1' });
    ci.now += 10;
    const confirmed = ci.index.confirm([], ci.now);
    gate.resolve();
    await first;
    expect(await confirmed).toEqual({ kind: 'confirmed' });
    expect(ci.calls).toEqual(['list 1', 'list 1']);
  });

  test('treats a future time as now', async () => {
    const ci = createFixture(runsFrom(1, 4));
    expect(await ci.index.confirm(runsFrom(1, 4), ci.now + 1e9)).toEqual({ kind: 'confirmed' });
    expect(ci.calls).toEqual(['list 1']);
  });

  test('is not satisfied by a clock that was set back', async () => {
    const ci = await createQuiet();
    ci.now -= 3_600_000;
    await ci.index.confirm([QUIET], ci.now - 10);
    expect(ci.calls).toEqual(['list 1', 'run 999']);
  });

  test('fetches very many runs in parallel, a few at a time', async () => {
    const ci = createFixture(runsFrom(1, 60, 'quiet'), 20);
    await ci.index.read({ branch: 'quiet' });
    let most = 0;
    let open = 0;
    ci.beforeServing = async (call) => {
      if (!call.startsWith('run')) return;
      open += 1;
      most = Math.max(most, open);
      await Promise.resolve();
      open -= 1;
    };
    ci.now += 10;
    expect(await ci.index.confirm(runsFrom(1, 60, 'quiet'), ci.now)).toEqual({ kind: 'confirmed' });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(10);
  });
});

describe('known data, without a call', () => {
  test('branches with runs, as the same array until one comes or goes', async () => {
    const ci = createFixture(runsFrom(1, 3));
    expect(ci.index.branchNames()).toEqual([]);
    await ci.index.read({ branch: 'nobody' });
    const names = ci.index.branchNames();
    expect(names.toSorted()).toEqual(['branch-1', 'branch-2', 'branch-3']);
    ci.update('1', { state: 'running' });
    ci.add(createRun({ id: '4', branch: 'branch-3' }));
    ci.now += FRESH_FOR;
    await ci.index.read({ branch: 'another' });
    expect(ci.index.branchNames()).toBe(names);
    ci.add(createRun({ id: '5', branch: 'new' }));
    ci.runs = ci.runs.filter(({ id }) => id !== '2');
    ci.now += FRESH_FOR;
    await ci.index.read({ branch: 'new' });
    expect(ci.index.branchNames().toSorted()).toEqual(['branch-1', 'branch-3', 'new']);
  });

  test('runs of a branch', async () => {
    const ci = createFixture(runsFrom(1, 3));
    await ci.index.read({ branch: 'branch-1' });
    expect(ci.index.peekRuns({ branch: 'branch-2' }).map(({ id }) => id)).toEqual(['2']);
    expect(ci.index.peekRuns({ branch: 'nobody' })).toEqual([]);
    expect(ci.calls).toEqual(['list 1']);
  });

  test('runs of every commit with the same prefix, on any branch, in their current state', async () => {
    const ci = createFixture([
      createRun({ id: '1', branch: 'a', commit: sha('abcdef01') }),
      createRun({ id: '2', branch: 'b', commit: sha('abcdef02') }),
      createRun({ id: '3', branch: 'c', commit: sha('abcdef1') }),
    ]);
    await ci.index.read({ branch: 'a' });
    const found = (prefix: string) =>
      ci.index.peekCommit(prefix).map(({ id, attempt }) => `${id}.${attempt}`);
    expect(found('abcdef0').toSorted()).toEqual(['1.1', '2.1']);
    expect(found('abcdef02')).toEqual(['2.1']);
    expect(found('0000000')).toEqual([]);
    ci.update('2', { attempt: 2 });
    ci.runs = ci.runs.filter(({ id }) => id !== '1');
    ci.now += FRESH_FOR;
    await ci.index.read({ branch: 'a' });
    expect(found('abcdef0')).toEqual(['2.2']);
  });

  test('only the newest commits of a branch with very many runs', async () => {
    const ci = createFixture(runsFrom(1, 20, 'busy'), 20);
    await ci.index.read({ branch: 'busy' });
    for (let id = 21; id <= 400; id += 4) {
      ci.add(...runsFrom(id, id + 3, 'busy'));
      ci.now += FRESH_FOR;
      await ci.index.read({ branch: 'busy' });
    }
    const known = ids(await ci.index.read({ branch: 'busy' }));
    for (let id = 1; id <= 400; id++) {
      const found = ci.index.peekCommit(sha(`${id}`)).some((run) => run.id === `${id}`);
      expect(found, `run ${id}`).toBe(known.includes(`${id}`));
    }
  });
});
