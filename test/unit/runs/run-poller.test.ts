import { describe, expect, test } from 'vitest';
import { createRun } from '../../fixtures/builders.ts';
import { createFixture, FRESH_FOR, ids, runsFrom } from '../../fixtures/runs/harness.ts';

describe('a running run that has left the first page', () => {
  test('is polled by its id until it ends', async () => {
    const ci = createFixture([createRun({ id: '999', branch: 'slow', state: 'running' })]);
    await ci.index.read({ branch: 'slow' });
    ci.add(...runsFrom(1000, 1010));
    ci.now += FRESH_FOR;
    await ci.index.read({ branch: 'slow' });
    ci.update('999', { state: 'success' });
    ci.now += 60_000;
    expect(await ci.index.read({ branch: 'slow' })).toMatchObject({
      runs: [{ id: '999', state: 'success' }],
    });
    const before = ci.calls.length;
    ci.now += 60_000;
    await ci.index.read({ branch: 'slow' });
    expect(ci.calls.slice(before)).toEqual(['list 1']);
  });

  test('and was deleted is forgotten', async () => {
    const ci = createFixture([createRun({ id: '999', branch: 'slow', state: 'running' })]);
    await ci.index.read({ branch: 'slow' });
    ci.runs = runsFrom(1000, 1010);
    ci.now += 60_000;
    await ci.index.read({ branch: 'slow' });
    ci.now += 60_000;
    expect(await ci.index.read({ branch: 'slow' })).toMatchObject({ runs: [] });
  });

  test('that takes a day is polled rarely', async () => {
    const ci = createFixture([createRun({ id: '1', branch: 'stuck', state: 'running', createdAt: 0 })]);
    ci.now = 86_400_000;
    await ci.index.read({ branch: 'stuck' });
    ci.add(...runsFrom(1000, 1010));
    for (let polls = 0; polls < 100; polls++) {
      ci.now += FRESH_FOR;
      await ci.index.read({ branch: 'stuck' });
    }
    expect(ci.calls.filter((call) => call === 'run 1')).toHaveLength(1);
  });

  test('is polled at once if the clock was set back', async () => {
    const ci = createFixture([createRun({ id: '999', branch: 'slow', state: 'running' })]);
    ci.now = 100 * 86_400_000;
    await ci.index.read({ branch: 'slow' });
    ci.add(...runsFrom(1000, 1010));
    ci.now += 60_000;
    await ci.index.read({ branch: 'slow' });
    ci.update('999', { state: 'success' });
    ci.now -= 10 * 86_400_000;
    expect(await ci.index.read({ branch: 'slow' })).toMatchObject({
      runs: [{ id: '999', state: 'success' }],
    });
  });

  test('a run that CI cannot report does not fail its branch', async () => {
    const ci = createFixture([createRun({ id: '999', branch: 'slow', state: 'running' })]);
    await ci.index.read({ branch: 'slow' });
    ci.add(...runsFrom(1000, 1010), createRun({ id: '1011', branch: 'slow' }));
    ci.failure = 'malformed';
    ci.failing = (call) => call.startsWith('run');
    ci.now += 60_000;
    const known = await ci.index.read({ branch: 'slow' });
    expect(ids(known)).toEqual(['1011', '999']);
    expect(known).toMatchObject({ unresolved: { failure: { kind: 'malformed' }, position: 999_000 } });
  });

  test('such a run is polled less and less often, and unresolved until CI reports it', async () => {
    const ci = createFixture([createRun({ id: '999', branch: 'slow', state: 'running' })]);
    await ci.index.read({ branch: 'slow' });
    ci.add(...runsFrom(1000, 1010), createRun({ id: '1011', branch: 'slow' }));
    ci.failure = 'malformed';
    ci.failing = (call) => call.startsWith('run');
    const asked = () => ci.calls.filter((call) => call.startsWith('run')).length;
    for (let minutes = 0; minutes < 600; minutes++) {
      ci.now += 60_000;
      expect(await ci.index.read({ branch: 'slow' })).toHaveProperty('unresolved.failure.kind', 'malformed');
    }
    expect(asked()).toBeLessThan(100);
    ci.failure = undefined;
    ci.now += 3_600_000;
    expect(await ci.index.read({ branch: 'slow' })).toHaveProperty('unresolved', undefined);
  });
});
