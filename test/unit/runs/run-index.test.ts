import { describe, expect, test } from 'vitest';
import { createRun, createPullRequestHead } from '../../fixtures/builders.ts';
import { createFixture, FRESH_FOR, ids, runsFrom } from '../../fixtures/runs/harness.ts';

describe('one listing for every branch', () => {
  test('serves all branches until freshFor has passed', async () => {
    const ci = createFixture(runsFrom(1, 4));
    expect(ids(await ci.index.read({ branch: 'branch-1' }))).toEqual(['1']);
    expect(ids(await ci.index.read({ branch: 'branch-4' }))).toEqual(['4']);
    ci.now += FRESH_FOR - 1;
    await ci.index.read({ branch: 'branch-2' });
    expect(ci.calls).toEqual(['list 1']);
    ci.now += 1;
    await ci.index.read({ branch: 'branch-2' });
    expect(ci.calls).toEqual(['list 1', 'list 1']);
  });

  test('is shared by concurrent callers', async () => {
    const ci = createFixture(runsFrom(1, 4));
    await Promise.all(Array.from({ length: 100 }, () => ci.index.read({ branch: 'branch-1' })));
    expect(ci.calls).toEqual(['list 1']);
  });

  test('reports its coverage: complete if CI has no more runs', async () => {
    const ci = createFixture(runsFrom(1, 4));
    expect(await ci.index.read({ branch: 'branch-1' })).toMatchObject({ coverage: { kind: 'complete' } });
    expect(await ci.index.read({ branch: 'nobody' })).toMatchObject({
      coverage: { kind: 'complete' },
      runs: [],
    });
    expect(ci.calls).toEqual(['list 1']);
  });

  test('reports when upstream was called, not when the answer was given', async () => {
    const ci = createFixture(runsFrom(1, 4));
    await ci.index.read({ branch: 'branch-1' });
    ci.now += 10_000;
    expect(await ci.index.read({ branch: 'branch-1' })).toMatchObject({ asOf: 1_000_000 });
  });

  test('includes new runs, finished runs and re-runs', async () => {
    const ci = createFixture([createRun({ id: '1', state: 'running' })]);
    await ci.index.read({ branch: 'feature' });
    ci.update('1', { state: 'success' });
    ci.add(createRun({ id: '2' }));
    ci.now += FRESH_FOR;
    expect(await ci.index.read({ branch: 'feature' })).toMatchObject({
      runs: [{ id: '1', state: 'success' }, { id: '2' }],
    });
    ci.update('1', { attempt: 2, state: 'running' });
    ci.now += FRESH_FOR;
    const after = await ci.index.read({ branch: 'feature' });
    expect(after.kind === 'known' && after.runs.find((run) => run.id === '1')).toMatchObject({
      attempt: 2,
      state: 'running',
    });
  });

  test('forgets runs that CI deleted', async () => {
    const ci = createFixture(runsFrom(1, 20, 'feature'));
    expect(ids(await ci.index.read({ branch: 'feature' }))).toContain('18');
    ci.runs = ci.runs.filter((run) => run.id !== '18');
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.read({ branch: 'feature' }))).not.toContain('18');
  });
});

describe('a branch that the listing does not show', () => {
  test('is looked up once, and the result is kept', async () => {
    const ci = createFixture([...runsFrom(10, 20), ...runsFrom(1, 2, 'quiet')]);
    expect(await ci.index.read({ branch: 'quiet' })).toMatchObject({
      coverage: { kind: 'complete' },
      runs: [{ id: '2' }, { id: '1' }],
    });
    ci.now += 10 * FRESH_FOR;
    ci.add(createRun({ id: '21', branch: 'quiet' }));
    expect(ids(await ci.index.read({ branch: 'quiet' }))).toEqual(['1', '2', '21']);
    expect(ci.calls).toEqual(['list 1', 'branch quiet 1', 'list 1']);
  });

  test('without any run is looked up once', async () => {
    const ci = createFixture(runsFrom(1, 20));
    expect(await ci.index.read({ branch: 'nobody' })).toMatchObject({
      runs: [],
      coverage: { kind: 'complete' },
    });
    ci.now += FRESH_FOR;
    await ci.index.read({ branch: 'nobody' });
    expect(ci.calls.filter((call) => call.startsWith('branch'))).toEqual(['branch nobody 1']);
  });

  test('is read page by page, as far as needed', async () => {
    const ci = createFixture([...runsFrom(50, 60), ...runsFrom(1, 12, 'long')]);
    expect(await ci.index.read({ branch: 'long' })).toMatchObject({
      coverage: { kind: 'since', position: 8001 },
    });
    expect(await ci.index.readFurther({ branch: 'long' })).toMatchObject({
      coverage: { kind: 'since', position: 3001 },
    });
    expect(await ci.index.readFurther({ branch: 'long' })).toMatchObject({ coverage: { kind: 'complete' } });
  });

  test('is looked up once for concurrent requests', async () => {
    const ci = createFixture(runsFrom(1, 20));
    await Promise.all(Array.from({ length: 50 }, () => ci.index.read({ branch: 'branch-1' })));
    expect(ci.calls).toEqual(['list 1', 'branch branch-1 1']);
  });

  test('a lagging filtered list does not undo known states', async () => {
    const ci = createFixture([...runsFrom(10, 20), createRun({ id: '9', branch: 'branch-20', attempt: 1 })]);
    await ci.index.read({ branch: 'branch-20' });
    ci.update('20', { attempt: 2, updatedAt: 99_000 });
    ci.now += FRESH_FOR;
    await ci.index.read({ branch: 'branch-20' });
    ci.update('20', { attempt: 1, updatedAt: 20_500 });
    const known = await ci.index.readFurther({ branch: 'branch-20' });
    expect(known.kind === 'known' && known.runs.find((run) => run.id === '20')).toMatchObject({ attempt: 2 });
  });
});

describe('a tag with the name of a branch', () => {
  const TAG = createRun({ id: '20', branch: 'v1', refKind: 'tag' });

  test('does not cover the branch: its own list is read', async () => {
    const ci = createFixture([...runsFrom(10, 19), TAG, createRun({ id: '1', branch: 'v1' })]);
    expect(await ci.index.read({ branch: 'v1' })).toMatchObject({
      coverage: { kind: 'since', position: 16_001 },
    });
    expect(ids(await ci.index.readFurther({ branch: 'v1' }))).toEqual(['1', '20']);
  });

  test('is not a branch to prefetch', async () => {
    const ci = createFixture([...runsFrom(10, 11), TAG]);
    await ci.index.read({ branch: 'v1' });
    expect(ci.index.listedBranches()).toEqual(['branch-11', 'branch-10']);
  });
});

describe('more new runs between two listings than fit on one page', () => {
  test('pages are read until they meet the known runs', async () => {
    const ci = createFixture([...runsFrom(10, 20), createRun({ id: '1', branch: 'quiet' })]);
    await ci.index.read({ branch: 'quiet' });
    ci.add(...runsFrom(21, 32));
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.read({ branch: 'branch-22' }))).toEqual(['22']);
    expect(ci.calls.slice(2)).toEqual(['list 1', 'list 2', 'list 3']);
    expect(await ci.index.read({ branch: 'quiet' })).toMatchObject({ coverage: { kind: 'complete' } });
  });

  test('after too wide a gap, branches are looked up again', async () => {
    const ci = createFixture([...runsFrom(10, 20), createRun({ id: '1', branch: 'quiet' })]);
    await ci.index.read({ branch: 'quiet' });
    ci.add(...runsFrom(100, 200));
    ci.now += FRESH_FOR;
    const known = await ci.index.read({ branch: 'quiet' });
    expect(known).toMatchObject({ coverage: { kind: 'since', position: 151_001 } });
    expect(await ci.index.readFurther({ branch: 'quiet' })).toMatchObject({ coverage: { kind: 'complete' } });
  });
});

describe('faults', () => {
  test.each([
    'timeout',
    'unreachable',
    'denied',
    'not_found',
    'rate_limited',
    'unavailable',
    'malformed',
  ] as const)('%s: told as it is, and upstream is left alone for a while by everybody', async (kind) => {
    const ci = createFixture(runsFrom(1, 4));
    ci.failure = kind;
    for (let branch = 1; branch <= 4; branch++)
      expect(ids(await ci.index.read({ branch: `branch-${branch}` }))).toBe(kind);
    expect(ci.calls).toHaveLength(1);
    ci.failure = undefined;
    ci.now += 60_000;
    expect(ids(await ci.index.read({ branch: 'branch-1' }))).toEqual(['1']);
  });

  test('known runs survive a failure', async () => {
    const ci = createFixture([...runsFrom(10, 20), createRun({ id: '1', branch: 'quiet' })]);
    await ci.index.read({ branch: 'quiet' });
    ci.failure = 'unavailable';
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.read({ branch: 'quiet' }))).toBe('unavailable');
    ci.failure = undefined;
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.read({ branch: 'quiet' }))).toEqual(['1']);
    expect(ci.calls.filter((call) => call.startsWith('branch'))).toHaveLength(1);
  });

  test('a failed second page changes nothing: no partial knowledge', async () => {
    const ci = createFixture(runsFrom(10, 20));
    await ci.index.read({ branch: 'branch-20' });
    ci.add(...runsFrom(21, 32));
    ci.failure = 'unavailable';
    ci.failing = (call) => call === 'list 2';
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.read({ branch: 'branch-32' }))).toBe('unavailable');
    ci.failure = undefined;
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.read({ branch: 'branch-22' }))).toEqual(['22']);
  });

  test('a malformed look-up of one branch does not affect others', async () => {
    const ci = createFixture(runsFrom(1, 20));
    ci.failure = 'malformed';
    ci.failing = (call) => call === 'branch branch-1 1';
    expect(ids(await ci.index.read({ branch: 'branch-1' }))).toBe('malformed');
    expect(ids(await ci.index.read({ branch: 'branch-2' }))).toEqual(['2']);
  });

  test('a joined caller also gets the failure, and the next one calls again', async () => {
    const ci = createFixture(runsFrom(1, 4));
    const gate = Promise.withResolvers<void>();
    ci.hold = gate.promise;
    ci.failure = 'unavailable';
    const both = [ci.index.read({ branch: 'branch-1' }), ci.index.read({ branch: 'branch-2' })];
    gate.resolve();
    expect((await Promise.all(both)).map(ids)).toEqual(['unavailable', 'unavailable']);
  });
});

describe('notifications of changes', () => {
  test('name the branches that changed in a listing', async () => {
    const ci = createFixture([
      createRun({ id: '1', branch: 'a', state: 'running' }),
      createRun({ id: '2', branch: 'b' }),
    ]);
    await ci.index.read({ branch: 'a' });
    ci.update('1', { state: 'success', outcome: 'success' });
    ci.now += FRESH_FOR;
    await ci.index.read({ branch: 'a' });
    ci.now += FRESH_FOR;
    await ci.index.read({ branch: 'a' });
    expect(ci.changed.map((names) => names.toSorted())).toEqual([['a', 'b'], ['a']]);
  });
});

describe('plausible but wrong answers', () => {
  test('an empty listing is distrusted for a while if runs were known', async () => {
    const ci = createFixture(runsFrom(1, 4));
    const all = ci.runs;
    await ci.index.read({ branch: 'branch-1' });
    ci.runs = [];
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.read({ branch: 'branch-1' }))).toBe('malformed');
    ci.runs = all;
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.read({ branch: 'branch-1' }))).toEqual(['1']);
    ci.runs = [];
    ci.now += FRESH_FOR;
    await ci.index.read({ branch: 'branch-1' });
    ci.now += 600_000;
    expect(ids(await ci.index.read({ branch: 'branch-1' }))).toEqual([]);
  });

  test('after a listing without known runs, branches are looked up again', async () => {
    const ci = createFixture([...runsFrom(10, 20), createRun({ id: '1', branch: 'quiet' })]);
    const all = ci.runs;
    await ci.index.read({ branch: 'quiet' });
    ci.runs = runsFrom(20, 20);
    ci.now += FRESH_FOR;
    await ci.index.read({ branch: 'branch-20' });
    ci.runs = [createRun({ id: '21', branch: 'new' }), ...all];
    ci.now += FRESH_FOR;
    await ci.index.read({ branch: 'new' });
    expect(await ci.index.read({ branch: 'quiet' })).toMatchObject({
      coverage: { kind: 'since', position: 17_001 },
    });
    expect(ids(await ci.index.readFurther({ branch: 'quiet' }))).toEqual(['1']);
    expect(ids(await ci.index.read({ branch: 'branch-11' }))).toEqual(['11']);
  });

  test('a lagging filtered list is read again in the background, less and less often', async () => {
    const ci = createFixture(runsFrom(10, 20));
    await ci.index.read({ branch: 'late' });
    ci.runs = [...ci.runs, createRun({ id: '1', branch: 'late' })];
    let polls = 0;
    for (; ids(await ci.index.read({ branch: 'late' })).length === 0 && polls < 100; polls++)
      ci.now += FRESH_FOR;
    expect(polls * FRESH_FOR).toBeLessThanOrEqual(630_000);
    const before = ci.calls.length;
    for (let hour = 0; hour < 24 * 4; hour++) {
      ci.now += 900_000;
      await ci.index.read({ branch: 'late' });
    }
    expect(ci.calls.slice(before).filter((call) => call === 'branch late 1').length).toBeLessThanOrEqual(6);
  });

  test('neighbours ordered by id instead of time do not count as deleted', async () => {
    const ci = createFixture([
      createRun({ id: '99', branch: 'a', createdAt: 103_500 }),
      ...runsFrom(100, 102),
    ]);
    await ci.index.read({ branch: 'a' });
    ci.runs = [...ci.runs, ...runsFrom(103, 107)];
    ci.byId = true;
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.read({ branch: 'a' }))).toEqual(['99']);
  });

  test('setting the clock back makes nothing fresh', async () => {
    const ci = createFixture(runsFrom(1, 4));
    await ci.index.read({ branch: 'branch-1' });
    ci.now -= 3_600_000;
    ci.add(createRun({ id: '5', branch: 'branch-1' }));
    expect(ids(await ci.index.read({ branch: 'branch-1' }))).toEqual(['1', '5']);
  });
});

describe('pull requests', () => {
  test('a missing one says nothing about another', async () => {
    const ci = createFixture();
    ci.failure = 'not_found';
    ci.failing = (call) => call === 'pull request 6';
    expect(await ci.index.readPullRequest('6')).toMatchObject({ kind: 'failed' });
    expect(await ci.index.readPullRequest('5')).toMatchObject({ kind: 'known' });
  });

  test('are fetched once, since a pull request never changes its head repository', async () => {
    const ci = createFixture();
    await ci.index.readPullRequest('5');
    ci.now += 1e9;
    expect(await ci.index.readPullRequest('5')).toEqual(createPullRequestHead({ origin: 'foreign' }));
    expect(ci.calls).toEqual(['pull request 5']);
  });

  test('a token that may not read them does not stop the listing', async () => {
    const ci = createFixture(runsFrom(1, 4));
    ci.failure = 'denied';
    ci.failing = (call) => call.startsWith('pull request');
    expect(await ci.index.readPullRequest('5')).toMatchObject({
      kind: 'failed',
      failure: { kind: 'denied' },
    });
    expect(ids(await ci.index.read({ branch: 'branch-1' }))).toEqual(['1']);
  });
});
