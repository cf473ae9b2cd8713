import { describe, expect, test } from 'vitest';
import { createFixture, FRESH_FOR, ids, runsFrom } from '../../fixtures/runs/harness.ts';

describe('at the start', () => {
  test('older pages are read in parallel, and their branches need no look-up', async () => {
    const ci = createFixture([...runsFrom(10, 30), ...runsFrom(1, 2, 'quiet')], 20);
    expect(ids(await ci.index.read({ branch: 'branch-30' }))).toEqual(['30']);
    expect(await ci.index.read({ branch: 'quiet' })).toMatchObject({
      runs: [{ id: '2' }, { id: '1' }],
      coverage: { kind: 'complete' },
    });
    // The first page once more, for free, shows that nothing was created meanwhile.
    expect(ci.calls).toEqual(['list 1', 'list 2', 'list 3', 'list 4', 'list 5', 'list 1']);
  });

  test('the number of pages is limited, and older branches are looked up', async () => {
    const ci = createFixture([...runsFrom(10, 30), ...runsFrom(1, 2, 'quiet')], 3);
    expect(await ci.index.read({ branch: 'quiet' })).toMatchObject({
      runs: [{ id: '2' }, { id: '1' }],
      coverage: { kind: 'complete' },
    });
    expect(ci.calls).toEqual(['list 1', 'list 2', 'list 3', 'list 1', 'branch quiet 1']);
  });

  test('the next block is read after as many look-ups as it has pages', async () => {
    const ci = createFixture(runsFrom(1, 60), 3);
    for (let id = 60; id > 45; id--) await ci.index.read({ branch: `branch-${id}` });
    expect(ci.calls).toEqual(['list 1', 'list 2', 'list 3', 'list 1']);
    for (let id = 45; id > 0; id--) {
      expect(ids(await ci.index.read({ branch: `branch-${id}` }))).toEqual([`${id}`]);
    }
    const lookUps = ci.calls.filter((call) => call.startsWith('branch'));
    expect(lookUps).toEqual([45, 44, 35, 34, 25, 24, 15, 14, 5, 4].map((id) => `branch branch-${id} 1`));
    const block = ci.calls.filter((call) => call.startsWith('list')).slice(4, 8);
    expect(block).toEqual(['list 3', 'list 4', 'list 5', 'list 1']);
  });

  test('look-ups without runs, as for a branch that was never built, trigger no block', async () => {
    const ci = createFixture(runsFrom(1, 60), 3);
    for (let i = 0; i < 10; i++) await ci.index.read({ branch: `unbuilt-${i}` });
    expect(ci.calls.filter((call) => call.startsWith('list'))).toEqual([
      'list 1',
      'list 2',
      'list 3',
      'list 1',
    ]);
  });

  test('a block with a gap to the known runs after deletions does not count as complete', async () => {
    const ci = createFixture([...runsFrom(21, 60), ...runsFrom(1, 20, 'old')], 3);
    await ci.index.read({ branch: 'branch-60' });
    await ci.index.read({ branch: 'branch-45' });
    ci.runs = ci.runs.filter((run) => Number(run.id) > 55 || Number(run.id) < 36);
    await ci.index.read({ branch: 'branch-34' });
    const blocks = ci.calls.filter((call) => call.startsWith('list')).slice(4);
    expect(blocks).toEqual(['list 3', 'list 4', 'list 5', 'list 1']);
    await ci.index.read({ branch: 'branch-28' });
    expect(ci.calls).toContain('branch branch-28 1');
  });

  test('a failed older page costs only a look-up', async () => {
    const ci = createFixture([...runsFrom(10, 30), ...runsFrom(1, 2, 'quiet')], 20);
    ci.failure = 'unavailable';
    ci.failing = (call) => call === 'list 3';
    expect(ids(await ci.index.read({ branch: 'quiet' }))).toEqual(['1', '2']);
  });

  test('a run deleted between the pages hides no other run', async () => {
    const ci = createFixture(runsFrom(1, 12), 20);
    const gate = Promise.withResolvers<void>();
    await ci.index.read({ branch: 'branch-12' });
    ci.hold = gate.promise;
    ci.runs = ci.runs.filter((run) => run.id !== '12');
    gate.resolve();
    for (const id of ['7', '6', '2'])
      expect(ids(await ci.index.read({ branch: `branch-${id}` }))).toEqual([id]);
  });

  test('requests during the read wait for it and need no look-up', async () => {
    const ci = createFixture(runsFrom(1, 12), 20);
    const all = Array.from({ length: 12 }, (_, i) => ci.index.read({ branch: `branch-${i + 1}` }));
    for (const [i, known] of (await Promise.all(all)).entries()) expect(ids(known)).toEqual([`${i + 1}`]);
    expect(ci.calls.filter((call) => call.startsWith('branch'))).toEqual([]);
  });

  test('they are read at the start only; later changes need only the first page', async () => {
    const ci = createFixture(runsFrom(1, 60), 3);
    await ci.index.read({ branch: 'branch-60' });
    await ci.index.read({ branch: 'branch-50' });
    const before = ci.calls.length;
    for (let id = 61; id < 70; id++) {
      ci.add(...runsFrom(id, id));
      ci.now += FRESH_FOR;
      await ci.index.read({ branch: `branch-${id}` });
    }
    expect(ci.calls.slice(before)).toEqual(Array.from({ length: 9 }, () => 'list 1'));
  });

  test('failed blocks are retried less and less often', async () => {
    const ci = createFixture(runsFrom(1, 1000), 3);
    await ci.index.read({ branch: 'branch-1000' });
    await ci.index.read({ branch: 'branch-990' });
    ci.failure = 'malformed';
    ci.failing = (call) => /^list [2-9]/.test(call);
    for (let id = 980; id > 0; id--) await ci.index.read({ branch: `branch-${id}` });
    const failed = ci.calls.filter((call) => ci.failing(call)).length;
    expect(failed).toBeLessThan(40);
  });

  test('blocks resume after an outage of any length', async () => {
    const ci = createFixture(runsFrom(1, 6000), 3);
    await ci.index.read({ branch: 'branch-6000' });
    ci.failure = 'malformed';
    ci.failing = (call) => /^list [2-9]/.test(call);
    for (let id = 5980; id > 1000; id--) await ci.index.read({ branch: `branch-${id}` });
    ci.failure = undefined;
    const before = ci.calls.length;
    for (let id = 1000; id > 800; id--) await ci.index.read({ branch: `branch-${id}` });
    expect(ci.calls.slice(before)).toContainEqual(expect.stringMatching(/^list [^1]/));
  });

  test('after very many deletions, blocks start further up until they meet the known runs', async () => {
    const ci = createFixture(runsFrom(1, 400), 3);
    await ci.index.read({ branch: 'branch-400' });
    for (let id = 385; id > 300; id--) await ci.index.read({ branch: `branch-${id}` });
    ci.runs = ci.runs.filter((run) => Number(run.id) >= 390 || Number(run.id) <= 280);
    ci.now += FRESH_FOR;
    for (let id = 280; id > 0; id--) await ci.index.read({ branch: `branch-${id}` });
    const lookUps = ci.calls.filter((call) => /^branch branch-(1?\d?\d|2[0-7]\d) /.test(call)).length;
    expect(lookUps).toBeLessThan(180);
  });

  test('a run created and another deleted during the read leave no gap', async () => {
    const ci = createFixture(runsFrom(1, 60), 4);
    const thirdIsServed = Promise.withResolvers<void>();
    ci.beforeServing = async (call) => {
      if (call === 'list 3') thirdIsServed.resolve();
      if (call !== 'list 2') return;
      await thirdIsServed.promise;
      // The list is as long as before, and the second page's last run is now on the third.
      ci.runs = [...runsFrom(61, 61), ...ci.runs.filter((run) => run.id !== '1')];
    };
    await ci.index.read({ branch: 'branch-60' });
    for (let id = 60; id > 1; id--)
      expect(ids(await ci.index.read({ branch: `branch-${id}` }))).toEqual([`${id}`]);
  });

  test('a deleted run does not come back with a block that began earlier', async () => {
    const ci = createFixture(runsFrom(1, 60), 3);
    const gate = Promise.withResolvers<void>();
    ci.beforeServing = async (call) => (call === 'list 3' ? gate.promise : undefined);
    await ci.index.read({ branch: 'branch-60' });
    ci.runs = ci.runs.filter((run) => run.id !== '59');
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.read({ branch: 'branch-60' }))).toEqual(['60']);
    gate.resolve();
    expect(ids(await ci.index.read({ branch: 'branch-59' }))).toEqual([]);
  });

  test('nor does an element without an id, which may be new', async () => {
    const ci = createFixture(runsFrom(1, 60), 3);
    ci.beforeServing = async (call) => {
      if (call !== 'list 2') return;
      ci.beforeServing = async () => undefined;
      ci.odd.set('61', { id: null });
      ci.add(...runsFrom(61, 61));
      ci.runs = ci.runs.filter(({ id }) => id !== '58');
    };
    await ci.index.read({ branch: 'branch-60' });
    expect(await ci.index.read({ branch: 'branch-50' })).toMatchObject({ runs: [{ id: '50' }] });
    expect(ci.calls).toContain('branch branch-50 1');
  });
});
