import { describe, expect, test } from 'vitest';
import { createFixture, FRESH_FOR, ids, runsFrom } from '../../fixtures/runs/harness.ts';

describe('when nothing is known yet', () => {
  test('the further pages are read side by side, and nobody looks up what they show', async () => {
    const ci = createFixture([...runsFrom(10, 30), ...runsFrom(1, 2, 'quiet')], 20);
    expect(ids(await ci.index.readBranch('branch-30'))).toEqual(['30']);
    expect(await ci.index.readBranch('quiet')).toMatchObject({
      runs: [{ id: '2' }, { id: '1' }],
      since: null,
    });
    // The first page once more, for free, shows that nothing was created meanwhile.
    expect(ci.calls).toEqual(['list 1', 'list 2', 'list 3', 'list 4', 'list 5', 'list 1']);
  });

  test('no more than so many pages are read: what lies beyond is looked up', async () => {
    const ci = createFixture([...runsFrom(10, 30), ...runsFrom(1, 2, 'quiet')], 3);
    expect(await ci.index.readBranch('quiet')).toMatchObject({
      runs: [{ id: '2' }, { id: '1' }],
      since: null,
    });
    expect(ci.calls).toEqual(['list 1', 'list 2', 'list 3', 'list 1', 'branch quiet 1']);
  });

  test('after as many look-ups as a block has pages, the next block is read', async () => {
    const ci = createFixture(runsFrom(1, 60), 3);
    for (let id = 60; id > 45; id--) await ci.index.readBranch(`branch-${id}`);
    expect(ci.calls).toEqual(['list 1', 'list 2', 'list 3', 'list 1']);
    for (let id = 45; id > 0; id--) {
      expect(ids(await ci.index.readBranch(`branch-${id}`))).toEqual([`${id}`]);
    }
    const lookUps = ci.calls.filter((call) => call.startsWith('branch'));
    expect(lookUps).toEqual([45, 44, 35, 34, 25, 24, 15, 14, 5, 4].map((id) => `branch branch-${id} 1`));
    const block = ci.calls.filter((call) => call.startsWith('list')).slice(4, 8);
    expect(block).toEqual(['list 3', 'list 4', 'list 5', 'list 1']);
  });

  test('look-ups that find no runs, as of a branch that CI has never built, are no reason to read on', async () => {
    const ci = createFixture(runsFrom(1, 60), 3);
    for (let i = 0; i < 10; i++) await ci.index.readBranch(`unbuilt-${i}`);
    expect(ci.calls.filter((call) => call.startsWith('list'))).toEqual([
      'list 1',
      'list 2',
      'list 3',
      'list 1',
    ]);
  });

  test('a block that leaves a gap to what is known, since runs between were deleted, is not taken for complete', async () => {
    const ci = createFixture([...runsFrom(21, 60), ...runsFrom(1, 20, 'old')], 3);
    await ci.index.readBranch('branch-60');
    await ci.index.readBranch('branch-45');
    ci.runs = ci.runs.filter((run) => Number(run.id) > 55 || Number(run.id) < 36);
    await ci.index.readBranch('branch-34');
    const blocks = ci.calls.filter((call) => call.startsWith('list')).slice(4);
    expect(blocks).toEqual(['list 3', 'list 4', 'list 5', 'list 1']);
    await ci.index.readBranch('branch-28');
    expect(ci.calls).toContain('branch branch-28 1');
  });

  test('a further page that fails costs nothing but a look-up', async () => {
    const ci = createFixture([...runsFrom(10, 30), ...runsFrom(1, 2, 'quiet')], 20);
    ci.failure = 'unavailable';
    ci.failing = (call) => call === 'list 3';
    expect(ids(await ci.index.readBranch('quiet'))).toEqual(['1', '2']);
  });

  test('a run that is deleted between the pages is no reason to miss another', async () => {
    const ci = createFixture(runsFrom(1, 12), 20);
    const gate = Promise.withResolvers<void>();
    await ci.index.readBranch('branch-12');
    ci.hold = gate.promise;
    ci.runs = ci.runs.filter((run) => run.id !== '12');
    gate.resolve();
    for (const id of ['7', '6', '2']) expect(ids(await ci.index.readBranch(`branch-${id}`))).toEqual([id]);
  });

  test('who asks while they are read waits for them, and need not look up', async () => {
    const ci = createFixture(runsFrom(1, 12), 20);
    const all = Array.from({ length: 12 }, (_, i) => ci.index.readBranch(`branch-${i + 1}`));
    for (const [i, known] of (await Promise.all(all)).entries()) expect(ids(known)).toEqual([`${i + 1}`]);
    expect(ci.calls.filter((call) => call.startsWith('branch'))).toEqual([]);
  });

  test('they are read at the start only: a listing that has changed is met by its first page', async () => {
    const ci = createFixture(runsFrom(1, 60), 3);
    await ci.index.readBranch('branch-60');
    await ci.index.readBranch('branch-50');
    const before = ci.calls.length;
    for (let id = 61; id < 70; id++) {
      ci.add(...runsFrom(id, id));
      ci.now += FRESH_FOR;
      await ci.index.readBranch(`branch-${id}`);
    }
    expect(ci.calls.slice(before)).toEqual(Array.from({ length: 9 }, () => 'list 1'));
  });

  test('blocks that fail are tried ever less often', async () => {
    const ci = createFixture(runsFrom(1, 1000), 3);
    await ci.index.readBranch('branch-1000');
    await ci.index.readBranch('branch-990');
    ci.failure = 'malformed';
    ci.failing = (call) => /^list [2-9]/.test(call);
    for (let id = 980; id > 0; id--) await ci.index.readBranch(`branch-${id}`);
    const failed = ci.calls.filter((call) => ci.failing(call)).length;
    expect(failed).toBeLessThan(40);
  });

  test('blocks come back after an outage, however long it was', async () => {
    const ci = createFixture(runsFrom(1, 6000), 3);
    await ci.index.readBranch('branch-6000');
    ci.failure = 'malformed';
    ci.failing = (call) => /^list [2-9]/.test(call);
    for (let id = 5980; id > 1000; id--) await ci.index.readBranch(`branch-${id}`);
    ci.failure = undefined;
    const before = ci.calls.length;
    for (let id = 1000; id > 800; id--) await ci.index.readBranch(`branch-${id}`);
    expect(ci.calls.slice(before)).toContainEqual(expect.stringMatching(/^list [^1]/));
  });

  test('after very many were deleted, blocks begin further ahead until they meet what is known', async () => {
    const ci = createFixture(runsFrom(1, 400), 3);
    await ci.index.readBranch('branch-400');
    for (let id = 385; id > 300; id--) await ci.index.readBranch(`branch-${id}`);
    ci.runs = ci.runs.filter((run) => Number(run.id) >= 390 || Number(run.id) <= 280);
    ci.now += FRESH_FOR;
    for (let id = 280; id > 0; id--) await ci.index.readBranch(`branch-${id}`);
    const lookUps = ci.calls.filter((call) => /^branch branch-(1?\d?\d|2[0-7]\d) /.test(call)).length;
    expect(lookUps).toBeLessThan(180);
  });

  test('a run that is created and an old one that is deleted while they are read leave no gap behind', async () => {
    const ci = createFixture(runsFrom(1, 60), 4);
    const thirdIsServed = Promise.withResolvers<void>();
    ci.beforeServing = async (call) => {
      if (call === 'list 3') thirdIsServed.resolve();
      if (call !== 'list 2') return;
      await thirdIsServed.promise;
      // The list is as long as before, and the second page's last run is now on the third.
      ci.runs = [...runsFrom(61, 61), ...ci.runs.filter((run) => run.id !== '1')];
    };
    await ci.index.readBranch('branch-60');
    for (let id = 60; id > 1; id--) expect(ids(await ci.index.readBranch(`branch-${id}`))).toEqual([`${id}`]);
  });

  test('a run that a listing has shown to be deleted does not come back by a block that was begun before', async () => {
    const ci = createFixture(runsFrom(1, 60), 3);
    const gate = Promise.withResolvers<void>();
    ci.beforeServing = async (call) => (call === 'list 3' ? gate.promise : undefined);
    await ci.index.readBranch('branch-60');
    ci.runs = ci.runs.filter((run) => run.id !== '59');
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.readBranch('branch-60'))).toEqual(['60']);
    gate.resolve();
    expect(ids(await ci.index.readBranch('branch-59'))).toEqual([]);
  });

  test('nor does one that cannot be told by its id, and so may be new', async () => {
    const ci = createFixture(runsFrom(1, 60), 3);
    ci.beforeServing = async (call) => {
      if (call !== 'list 2') return;
      ci.beforeServing = async () => undefined;
      ci.odd.set('61', { id: null });
      ci.add(...runsFrom(61, 61));
      ci.runs = ci.runs.filter(({ id }) => id !== '58');
    };
    await ci.index.readBranch('branch-60');
    expect(await ci.index.readBranch('branch-50')).toMatchObject({ runs: [{ id: '50' }] });
    expect(ci.calls).toContain('branch branch-50 1');
  });
});
