import { describe, expect, test } from 'vitest';
import { createRun, sha } from '../../fixtures/builders.ts';
import { createFixture, FRESH_FOR, ids, runsFrom } from '../../fixtures/runs/harness.ts';

const LEFT_AT = 1_000_000 + FRESH_FOR;

type Bed = ReturnType<typeof createFixture>;

async function standing(ci: Bed, branch: string, id: string) {
  const known = await ci.index.readBranch(branch);
  if (known.kind !== 'known') throw new TypeError(known.failure.kind);
  return known.standing(id);
}

/** A branch whose only run has left the first page with the listing at `LEFT_AT`. */
async function createQuiet(): Promise<Bed> {
  const ci = createFixture([createRun({ id: '999', branch: 'quiet' })]);
  await ci.index.readBranch('quiet');
  ci.add(...runsFrom(1000, 1010));
  ci.now += FRESH_FOR;
  await ci.index.readBranch('quiet');
  ci.calls.length = 0;
  return ci;
}

describe('when the state of a run was last told', () => {
  test('each listing confirms what its first page shows, also one that has not changed', async () => {
    const ci = createFixture(runsFrom(1, 4));
    expect(await standing(ci, 'branch-1', '1')).toMatchObject({ confirmedAt: 1_000_000 });
    ci.now += FRESH_FOR;
    expect(await standing(ci, 'branch-1', '1')).toMatchObject({ confirmedAt: 1_000_000 + FRESH_FOR });
  });

  test('what has left the first page stays as it was told', async () => {
    const ci = await createQuiet();
    ci.now += FRESH_FOR;
    expect(await standing(ci, 'quiet', '999')).toMatchObject({ confirmedAt: LEFT_AT });
  });

  test('what was told before a question is not told anew by what is learnt later', async () => {
    const ci = createFixture(runsFrom(1, 4));
    const before = await ci.index.readBranch('branch-1');
    ci.now += FRESH_FOR;
    await ci.index.readBranch('branch-1');
    expect(before.kind === 'known' && before.standing('1').confirmedAt).toBe(1_000_000);
  });

  test('a filtered list, which may lag behind, confirms nothing that was known', async () => {
    const ci = await createQuiet();
    ci.now += FRESH_FOR;
    await ci.index.readFurther('quiet');
    expect(ci.calls).toContain('branch quiet 1');
    expect(await standing(ci, 'quiet', '999')).toMatchObject({ confirmedAt: LEFT_AT });
  });
});

describe('by when an image that a run pushed was there', () => {
  test('of a run that is first seen when it has ended, when it ended by the clock of CI', async () => {
    const ci = createFixture([createRun({ id: '1', updatedAt: 5000 })]);
    expect(await standing(ci, 'feature', '1')).toMatchObject({ pushedBy: 5000 });
  });

  test.each([600_000, 86_400_000])(
    'a clock of CI that is %i ms ahead of ours makes nothing lie in the future',
    async (ahead) => {
      const ci = createFixture([createRun({ id: '1', updatedAt: 1_000_000 + ahead })]);
      expect(await standing(ci, 'feature', '1')).toMatchObject({ pushedBy: 1_000_000 });
      ci.now += FRESH_FOR;
      expect(await standing(ci, 'feature', '1')).toMatchObject({ pushedBy: 1_000_000 });
    },
  );

  test.each([
    ['ends', { state: 'success', outcome: 'success' }],
    ['is run again', { attempt: 2 }],
  ] as const)('of a run that %s, when that was first seen by our clock', async (_what, change) => {
    const ci = createFixture([createRun({ id: '1', state: 'running' })]);
    await ci.index.readBranch('feature');
    ci.update('1', change);
    ci.now += FRESH_FOR;
    expect(await standing(ci, 'feature', '1')).toMatchObject({ pushedBy: ci.now });
    const seenAt = ci.now;
    ci.now += 3 * FRESH_FOR;
    expect(await standing(ci, 'feature', '1')).toMatchObject({ pushedBy: seenAt });
  });

  test('of an ended run that changes though its attempt does not, as where attempts are not counted, then', async () => {
    const ci = createFixture([createRun({ id: '1' })]);
    await ci.index.readBranch('feature');
    ci.update('1', { updatedAt: 9000 });
    ci.now += FRESH_FOR;
    expect(await standing(ci, 'feature', '1')).toMatchObject({ pushedBy: ci.now });
  });
});

describe('confirming runs', () => {
  const QUIET = createRun({ id: '999', branch: 'quiet' });

  test('costs one listing for all that the first page shows, and nothing when that was listed since', async () => {
    const ci = createFixture(runsFrom(1, 4));
    await ci.index.readBranch('branch-1');
    ci.now += 10;
    expect(await ci.index.confirm(runsFrom(1, 4), ci.now)).toEqual({ kind: 'confirmed' });
    expect(await ci.index.confirm(runsFrom(1, 4), ci.now)).toEqual({ kind: 'confirmed' });
    expect(ci.calls).toEqual(['list 1', 'list 1']);
  });

  test('asks by id for one that the first page does not show, once for all who ask', async () => {
    const ci = await createQuiet();
    ci.now += 10;
    const asked = Array.from({ length: 20 }, () => ci.index.confirm([QUIET], ci.now));
    for (const result of await Promise.all(asked)) expect(result).toEqual({ kind: 'confirmed' });
    expect(ci.calls).toEqual(['list 1', 'run 999']);
    expect(await standing(ci, 'quiet', '999')).toMatchObject({ confirmedAt: ci.now });
  });

  test('finds that it has been run again, or is gone', async () => {
    const ci = await createQuiet();
    ci.update('999', { attempt: 2, state: 'unsuccessful', outcome: 'failure' });
    ci.now += 10;
    await ci.index.confirm([QUIET], ci.now);
    expect(await ci.index.readBranch('quiet')).toMatchObject({ runs: [{ attempt: 2 }] });
    ci.runs = ci.runs.filter(({ id }) => id !== '999');
    ci.now += 10;
    expect(await ci.index.confirm([QUIET], ci.now)).toEqual({ kind: 'confirmed' });
    expect(await ci.index.readBranch('quiet')).toMatchObject({ runs: [] });
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

  test('one that is seen in an older state than before is not confirmed', async () => {
    const ci = await createQuiet();
    ci.update('999', { updatedAt: 1 });
    ci.now += 10;
    expect(await ci.index.confirm([QUIET], ci.now)).toMatchObject({ kind: 'failed' });
  });

  test('a listing that was under way is not new enough: another one is made', async () => {
    const ci = createFixture(runsFrom(1, 4));
    const gate = Promise.withResolvers<void>();
    ci.hold = gate.promise;
    const first = ci.index.readBranch('branch-1');
    ci.now += 10;
    const confirmed = ci.index.confirm([], ci.now);
    gate.resolve();
    await first;
    expect(await confirmed).toEqual({ kind: 'confirmed' });
    expect(ci.calls).toEqual(['list 1', 'list 1']);
  });

  test('a moment that has not come yet is now', async () => {
    const ci = createFixture(runsFrom(1, 4));
    expect(await ci.index.confirm(runsFrom(1, 4), ci.now + 1e9)).toEqual({ kind: 'confirmed' });
    expect(ci.calls).toEqual(['list 1']);
  });

  test('a clock that was set back confirms nothing', async () => {
    const ci = await createQuiet();
    ci.now -= 3_600_000;
    await ci.index.confirm([QUIET], ci.now - 10);
    expect(ci.calls).toEqual(['list 1', 'run 999']);
  });

  test('very many are asked for side by side, a few at a time', async () => {
    const ci = createFixture(runsFrom(1, 60, 'quiet'), 20);
    await ci.index.readBranch('quiet');
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

describe('what is known, without asking anybody', () => {
  test('the branches that have runs, as the same list until one comes or goes', async () => {
    const ci = createFixture(runsFrom(1, 3));
    expect(ci.index.branchNames()).toEqual([]);
    await ci.index.readBranch('nobody');
    const names = ci.index.branchNames();
    expect(names.toSorted()).toEqual(['branch-1', 'branch-2', 'branch-3']);
    ci.update('1', { state: 'running' });
    ci.add(createRun({ id: '4', branch: 'branch-3' }));
    ci.now += FRESH_FOR;
    await ci.index.readBranch('another');
    expect(ci.index.branchNames()).toBe(names);
    ci.add(createRun({ id: '5', branch: 'new' }));
    ci.runs = ci.runs.filter(({ id }) => id !== '2');
    ci.now += FRESH_FOR;
    await ci.index.readBranch('new');
    expect(ci.index.branchNames().toSorted()).toEqual(['branch-1', 'branch-3', 'new']);
  });

  test('runs of a branch', async () => {
    const ci = createFixture(runsFrom(1, 3));
    await ci.index.readBranch('branch-1');
    expect(ci.index.peekRuns('branch-2').map(({ id }) => id)).toEqual(['2']);
    expect(ci.index.peekRuns('nobody')).toEqual([]);
    expect(ci.calls).toEqual(['list 1']);
  });

  test('runs of every commit that begins with the same digits, whatever their branch, as they are now', async () => {
    const ci = createFixture([
      createRun({ id: '1', branch: 'a', commit: sha('abcdef01') }),
      createRun({ id: '2', branch: 'b', commit: sha('abcdef02') }),
      createRun({ id: '3', branch: 'c', commit: sha('abcdef1') }),
    ]);
    await ci.index.readBranch('a');
    const found = (prefix: string) =>
      ci.index.peekCommit(prefix).map(({ id, attempt }) => `${id}.${attempt}`);
    expect(found('abcdef0').toSorted()).toEqual(['1.1', '2.1']);
    expect(found('abcdef02')).toEqual(['2.1']);
    expect(found('0000000')).toEqual([]);
    ci.update('2', { attempt: 2 });
    ci.runs = ci.runs.filter(({ id }) => id !== '1');
    ci.now += FRESH_FOR;
    await ci.index.readBranch('a');
    expect(found('abcdef0')).toEqual(['2.2']);
  });

  test('of a branch that has very many runs, the commits of the newest', async () => {
    const ci = createFixture(runsFrom(1, 20, 'busy'), 20);
    await ci.index.readBranch('busy');
    for (let id = 21; id <= 400; id += 4) {
      ci.add(...runsFrom(id, id + 3, 'busy'));
      ci.now += FRESH_FOR;
      await ci.index.readBranch('busy');
    }
    const known = ids(await ci.index.readBranch('busy'));
    for (let id = 1; id <= 400; id++) {
      const found = ci.index.peekCommit(sha(`${id}`)).some((run) => run.id === `${id}`);
      expect(found, `run ${id}`).toBe(known.includes(`${id}`));
    }
  });
});
