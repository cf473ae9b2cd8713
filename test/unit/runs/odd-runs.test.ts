import { describe, expect, test } from 'vitest';
import { createRun, sha } from '../../fixtures/builders.ts';
import { createFixture, FRESH_FOR, ids, runsFrom } from '../../fixtures/runs/harness.ts';

const ODD = 'ci.test lists a workflow run with a field path that cannot be read';

describe('an unreadable listed run', () => {
  test('fails no branch, and leaves its own unresolved', async () => {
    const ci = createFixture(runsFrom(1, 4));
    ci.odd.set('4', {});
    expect(await ci.index.read({ branch: 'branch-1' })).toMatchObject({
      runs: [{ id: '1' }],
      coverage: { kind: 'complete' },
      unresolved: undefined,
    });
    expect(await ci.index.read({ branch: 'branch-4' })).toMatchObject({
      runs: [],
      unresolved: { failure: { kind: 'malformed', message: ODD }, position: 4001 },
    });
  });

  test('without a readable branch leaves every branch unresolved', async () => {
    const ci = createFixture(runsFrom(1, 4));
    ci.odd.set('3', { branch: null });
    for (const branch of ['branch-1', 'branch-4', 'nobody']) {
      expect(await ci.index.read({ branch: branch })).toMatchObject({ unresolved: { position: 3001 } });
    }
  });

  test('is reported as a possible pusher of a tag until it is read', async () => {
    const ci = createFixture(runsFrom(1, 4));
    ci.odd.set('3', {});
    await ci.index.read({ branch: 'branch-1' });
    expect(ci.index.peekUnread()).toMatchObject([{ id: '3', branch: 'branch-3', createdAt: 3000 }]);
    ci.odd.clear();
    ci.now += FRESH_FOR;
    await ci.index.read({ branch: 'branch-1' });
    expect(ci.index.peekUnread()).toEqual([]);
  });

  test('without a readable time may be newer than everything', async () => {
    const ci = createFixture(runsFrom(1, 4));
    ci.odd.set('4', { branch: 'branch-1', position: null, createdAt: null });
    expect(await ci.index.read({ branch: 'branch-1' })).toMatchObject({ unresolved: { position: null } });
  });

  test('without a time is no newer than the page before', async () => {
    const ci = createFixture(runsFrom(1, 8, 'feature'), 2);
    ci.odd.set('3', { id: null, position: null, createdAt: null });
    await ci.index.read({ branch: 'feature' });
    expect(await ci.index.read({ branch: 'feature' })).toMatchObject({
      coverage: { kind: 'complete' },
      unresolved: { position: 4001 },
    });
  });

  test('does not make a listing empty', async () => {
    const ci = createFixture(runsFrom(1, 2));
    await ci.index.read({ branch: 'branch-1' });
    for (const id of ['1', '2']) ci.odd.set(id, {});
    ci.now += FRESH_FOR;
    expect(await ci.index.read({ branch: 'branch-1' })).toMatchObject({ kind: 'known', runs: [{ id: '1' }] });
  });

  test('of a commit with other runs leaves that whole build unresolved', async () => {
    const ci = createFixture([
      createRun({ id: '1', commit: sha('a') }),
      createRun({ id: '5', commit: sha('a') }),
      createRun({ id: '9', commit: sha('b'), branch: 'other' }),
    ]);
    ci.odd.set('1', {});
    expect(await ci.index.read({ branch: 'feature' })).toMatchObject({ unresolved: { position: 5001 } });
  });

  test('without a readable commit may belong to any build of about that time', async () => {
    const ci = createFixture(runsFrom(1, 4, 'feature'));
    ci.odd.set('3', { commit: null });
    expect(await ci.index.read({ branch: 'feature' })).toMatchObject({ unresolved: { position: 4001 } });
  });

  test('that was known counts neither as deleted nor as unchanged', async () => {
    const ci = createFixture(runsFrom(1, 4));
    await ci.index.read({ branch: 'branch-4' });
    ci.odd.set('4', { commit: null });
    ci.now += FRESH_FOR;
    const known = await ci.index.read({ branch: 'branch-4' });
    expect(known).toMatchObject({ runs: [{ id: '4' }], unresolved: { position: 4001 } });
    expect(known.kind === 'known' && known.standing('4').confirmedAt).toBe(1_000_000);
  });

  test('without an id may be any missing run, so none counts as deleted', async () => {
    const ci = createFixture(runsFrom(1, 4));
    await ci.index.read({ branch: 'branch-4' });
    ci.odd.set('4', { id: null, branch: null });
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.read({ branch: 'branch-4' }))).toEqual(['4']);
  });

  test('without any readable field is not forgotten after it has left the first page', async () => {
    const ci = createFixture(runsFrom(1, 4));
    ci.odd.set('2', { id: null, branch: null, commit: null });
    await ci.index.read({ branch: 'branch-1' });
    for (let id = 5; id < 30; id++) {
      ci.add(...runsFrom(id, id));
      ci.now += FRESH_FOR;
      expect(await ci.index.read({ branch: 'branch-1' })).toHaveProperty(
        'unresolved.failure.kind',
        'malformed',
      );
    }
  });

  test.each([[{}], [{ id: null }]])('that can be read at last is doubted no more: %j', async (remains) => {
    const ci = createFixture(runsFrom(1, 4));
    ci.odd.set('4', remains);
    await ci.index.read({ branch: 'branch-4' });
    ci.odd.clear();
    ci.now += FRESH_FOR;
    expect(await ci.index.read({ branch: 'branch-4' })).toMatchObject({
      runs: [{ id: '4' }],
      unresolved: undefined,
    });
  });

  test('is resolved once it is deleted', async () => {
    const ci = createFixture(runsFrom(1, 20));
    ci.odd.set('19', {});
    await ci.index.read({ branch: 'branch-19' });
    ci.runs = ci.runs.filter(({ id }) => id !== '19');
    ci.now += FRESH_FOR;
    expect(await ci.index.read({ branch: 'branch-19' })).toMatchObject({ unresolved: undefined });
  });

  test('is fetched by its id after it has left the first page', async () => {
    const ci = createFixture(runsFrom(1, 4));
    ci.odd.set('4', {});
    await ci.index.read({ branch: 'branch-4' });
    ci.add(...runsFrom(100, 110));
    ci.now += FRESH_FOR;
    expect(await ci.index.read({ branch: 'branch-4' })).toMatchObject({
      runs: [{ id: '4' }],
      unresolved: undefined,
    });
    expect(ci.calls.filter((call) => call === 'run 4')).toHaveLength(1);
  });

  test('stays unresolved while it is unreadable, and is polled less and less often', async () => {
    const ci = createFixture(runsFrom(1, 4));
    ci.odd.set('4', {});
    ci.failure = 'malformed';
    ci.failing = (call) => call.startsWith('run');
    await ci.index.read({ branch: 'branch-4' });
    ci.add(...runsFrom(100, 110));
    for (let minutes = 0; minutes < 600; minutes++) {
      ci.now += 60_000;
      expect(await ci.index.read({ branch: 'branch-4' })).toHaveProperty(
        'unresolved.failure.kind',
        'malformed',
      );
    }
    expect(ci.calls.filter((call) => call === 'run 4').length).toBeLessThan(100);
  });

  test('of a branch with its own look-up is unresolved, too', async () => {
    const ci = createFixture([...runsFrom(10, 20), ...runsFrom(1, 3, 'quiet')]);
    ci.odd.set('2', { branch: null });
    ci.failure = 'malformed';
    ci.failing = (call) => call === 'run 2';
    expect(await ci.index.read({ branch: 'quiet' })).toMatchObject({
      coverage: { kind: 'complete' },
      unresolved: { position: 2001 },
    });
    expect(await ci.index.read({ branch: 'branch-20' })).toMatchObject({ unresolved: undefined });
  });

  test('repeated on two pages because the list grew is no gap', async () => {
    const ci = createFixture(runsFrom(1, 12, 'feature'), 20);
    ci.odd.set('8', {});
    let grown = false;
    ci.beforeServing = async (call) => {
      if (call === 'list 2' && !grown) ci.add(...runsFrom(13, 13, 'feature'));
      grown ||= call === 'list 2';
    };
    await ci.index.read({ branch: 'feature' });
    expect(await ci.index.readFurther({ branch: 'feature' })).toMatchObject({
      coverage: { kind: 'complete' },
    });
  });

  test('costs bounded memory if there are many, and the newest is kept', async () => {
    const ci = createFixture(runsFrom(1, 2));
    for (let id = 10; id < 6000; id += 5) {
      ci.runs = runsFrom(id, id + 4, 'odd');
      for (const run of ci.runs) ci.odd.set(run.id, { branch: null });
      ci.runs = [...ci.runs, ...runsFrom(id + 5, id + 5)];
      ci.odd = new Map([...ci.odd].slice(-5));
      ci.now += 600_000;
      await ci.index.read({ branch: 'nobody' });
    }
    expect(await ci.index.read({ branch: 'nobody' })).toMatchObject({
      unresolved: { position: expect.any(Number) },
    });
  });
});

describe('a total that is one too high', () => {
  test('leaves the listing’s end uncertain, so that branches are looked up', async () => {
    const ci = createFixture(runsFrom(1, 4));
    ci.lag = 1;
    expect(await ci.index.read({ branch: 'branch-4' })).toMatchObject({
      runs: [{ id: '4' }],
      coverage: { kind: 'since', position: 1001 },
    });
    expect(await ci.index.readFurther({ branch: 'branch-4' })).toMatchObject({
      runs: [{ id: '4' }],
      coverage: { kind: 'complete' },
    });
    expect(await ci.index.read({ branch: 'nobody' })).toMatchObject({
      runs: [],
      coverage: { kind: 'complete' },
    });
    expect(ci.calls).toEqual(['list 1', 'branch branch-4 1', 'branch nobody 1']);
  });
});

describe('a truncated list', () => {
  test('does not end: older runs are read as a separate list, to the last one', async () => {
    const ci = createFixture([...runsFrom(1000, 1010), ...runsFrom(1, 33, 'long')]);
    ci.limit = 10;
    expect(await ci.index.read({ branch: 'long' })).toMatchObject({
      coverage: { kind: 'since', position: 29_001 },
    });
    expect(await ci.index.readFurther({ branch: 'long' })).toMatchObject({
      coverage: { kind: 'since', position: 24_001 },
    });
    const coverages: unknown[] = [];
    for (let look = 0; look < 20 && coverages.at(-1) !== 'complete'; look++) {
      const known = await ci.index.readFurther({ branch: 'long' });
      coverages.push(known.kind === 'known' ? known.coverage.kind : known.failure.kind);
    }
    expect(coverages.at(-1)).toBe('complete');
    expect(ids(await ci.index.read({ branch: 'long' }))).toHaveLength(33);
    const lookUps = ci.calls.filter((call) => call.startsWith('branch'));
    expect(lookUps.slice(0, 4)).toEqual([
      'branch long 1',
      'branch long 2',
      'branch long 1 by 24000',
      'branch long 2 by 24000',
    ]);
    expect(lookUps).toHaveLength(8);
  });

  test('of a branch with too many runs ends in a failure, never in an empty list', async () => {
    const ci = createFixture([...runsFrom(10_000, 10_010), ...runsFrom(1, 1000, 'endless')]);
    ci.limit = 10;
    let known = await ci.index.read({ branch: 'endless' });
    for (let look = 0; look < 300 && known.kind === 'known'; look++) {
      expect(known.coverage.kind).not.toBe('complete');
      known = await ci.index.readFurther({ branch: 'endless' });
    }
    expect(known).toEqual({
      kind: 'failed',
      failure: {
        kind: 'unavailable',
        host: 'ci.test',
        message:
          'a branch of acme/shop has more workflow runs without a green build than can be read from ci.test',
      },
    });
    const before = ci.calls.length;
    expect(before).toBeLessThan(70);
    expect(await ci.index.readFurther({ branch: 'endless' })).toMatchObject({ kind: 'failed' });
    expect(await ci.index.read({ branch: 'endless' })).toMatchObject({ kind: 'known' });
    expect(ci.calls).toHaveLength(before);
  });

  test('is kept, and not read again for each new run', async () => {
    const ci = createFixture([...runsFrom(10_000, 10_010), ...runsFrom(1, 250, 'long')], 1);
    ci.limit = 100;
    let known = await ci.index.read({ branch: 'long' });
    while (known.kind === 'known' && known.coverage.kind !== 'complete')
      known = await ci.index.readFurther({ branch: 'long' });
    const further = () => ci.calls.filter((call) => /^branch long (?:[^1]|1 by)/.test(call)).length;
    const before = further();
    for (let id = 10_011; id < 10_081; id++) {
      ci.add(createRun({ id: String(id), branch: 'long' }));
      ci.now += FRESH_FOR;
      expect(await ci.index.read({ branch: 'long' })).toMatchObject({ coverage: { kind: 'complete' } });
    }
    expect(further()).toBe(before);
  });
});
