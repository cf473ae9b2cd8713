import { describe, expect, test, vi } from 'vitest';
import { AdaptiveFreshness } from '../../../src/runs/adaptive-freshness.ts';
import { createRun } from '../../fixtures/builders.ts';
import { createFixture, FRESH_FOR, ids, runsFrom } from '../../fixtures/runs/harness.ts';

const HOUR = 3_600_000;

describe('the last calls of a quota', () => {
  test.each([
    [5000, 1, 1000, false],
    [5000, 1, 251, false],
    [5000, 1, 250, true],
    [5000, 100, 2401, false],
    [5000, 100, 2400, true],
    [60, 1, 25, false],
    [60, 1, 24, true],
    [60, 100, 31, false],
    [60, 100, 30, true],
  ])('of %i, with %i repositories: are the %i left reserved? %s', (limit, repositories, remaining, isLow) => {
    const freshness = new AdaptiveFreshness(15_000, 300_000, () => 0);
    freshness.observe(remaining, limit, HOUR);
    freshness.repositories = repositories;
    expect(freshness.isLow()).toBe(isLow);
  });

  test('are not reserved for a window that ends soon, or without a quota', () => {
    let now = 0;
    const freshness = new AdaptiveFreshness(15_000, 300_000, () => now);
    expect(freshness.isLow()).toBe(false);
    freshness.observe(1000, 5000, HOUR);
    freshness.repositories = 100;
    expect(freshness.isLow()).toBe(true);
    now = HOUR - 300_000;
    expect(freshness.isLow()).toBe(false);
    freshness.repositories = 1;
    freshness.observe(0, 5000, HOUR);
    expect(freshness.isLow()).toBe(true);
    now = HOUR;
    expect(freshness.isLow()).toBe(false);
    freshness.observe(0, 0, Infinity);
    expect(freshness.isLow()).toBe(false);
  });

  test('are for listings: other calls fail at once, with the reason', async () => {
    const ci = createFixture([...runsFrom(1, 12), createRun({ id: '0', branch: 'stuck', state: 'running' })]);
    await ci.index.read({ branch: 'stuck' });
    ci.quotaIsLow = true;
    ci.calls.length = 0;
    ci.add(createRun({ id: '13', branch: 'known' }));
    ci.now += 10 * FRESH_FOR;
    expect(ids(await ci.index.read({ branch: 'known' }))).toEqual(['13']);
    for (let i = 0; i < 400; i++) {
      expect(await ci.index.read({ branch: `unknown-${i}` })).toEqual({
        kind: 'failed',
        failure: {
          kind: 'rate_limited',
          host: 'ci.test',
          message: 'ci.test allows few more calls for now, and these are kept for the lists of runs',
        },
      });
    }
    expect(await ci.index.readPullRequest('5')).toMatchObject({ failure: { kind: 'rate_limited' } });
    expect(await ci.index.read({ branch: 'stuck' })).toMatchObject({
      unresolved: { failure: { kind: 'rate_limited' } },
    });
    expect(ci.calls).toEqual(['list 1']);
  });

  test('are also reserved from concurrent calls, before the first response', async () => {
    const freshness = new AdaptiveFreshness(15_000, 300_000, () => 0);
    freshness.observe(1000, 5000, HOUR);
    const ends = Array.from({ length: 749 }, () => freshness.began());
    expect(freshness.isLow()).toBe(false);
    ends.push(freshness.began());
    expect(freshness.isLow()).toBe(true);
    for (const end of ends) end();
    expect(freshness.isLow()).toBe(false);
  });

  test('count each call that is no listing from its start to its end, even if it fails', async () => {
    const ci = createFixture(runsFrom(1, 12));
    await ci.index.read({ branch: 'branch-12' });
    const held = Promise.withResolvers<void>();
    ci.hold = held.promise;
    const asked = [ci.index.read({ branch: 'unknown' }), ci.index.readPullRequest('5')];
    await vi.waitFor(() => expect(ci.underWay).toBe(2));
    ci.failure = 'malformed';
    held.resolve();
    await Promise.all(asked);
    expect(ci.underWay).toBe(0);
  });

  test('are not used to read older pages ahead of need', async () => {
    const ci = createFixture(runsFrom(1, 60), 3);
    ci.quotaIsLow = true;
    await ci.index.read({ branch: 'branch-60' });
    expect(ci.calls).toEqual(['list 1']);
  });
});

describe('while upstream refuses calls', () => {
  test('the remaining time is reported', async () => {
    const ci = createFixture(runsFrom(1, 12));
    ci.failure = 'rate_limited';
    await ci.index.read({ branch: 'branch-12' });
    ci.retryAfterMs = 7000;
    ci.failing = (call) => call.startsWith('pull');
    await ci.index.readPullRequest('5');
    expect(ci.refused).toEqual([60_000, 7000]);
  });

  test('the freshness window does not widen', () => {
    let now = 0;
    const freshness = new AdaptiveFreshness(15_000, 300_000, () => now);
    freshness.observe(0, 5000, HOUR);
    expect(freshness.freshFor()).toBe(300_000);
    freshness.refused(60_000);
    expect(freshness.freshFor()).toBe(15_000);
    now = 60_000;
    expect(freshness.freshFor()).toBe(300_000);
  });
});

describe('branches without runs', () => {
  test('are looked up in a burst of a thousand, then two a second, for all callers', async () => {
    const ci = createFixture(runsFrom(1, 20));
    const lookUps = () => ci.calls.filter((call) => call.startsWith('branch')).length;
    for (let i = 0; i < 3000; i++) await ci.index.read({ branch: `invented-${i}` });
    expect(lookUps()).toBe(1000);
    expect(await ci.index.read({ branch: 'invented-x' })).toMatchObject({
      failure: { kind: 'rate_limited', message: expect.stringContaining('too many branches') },
    });
    ci.now += 60_000;
    for (let i = 3000; i < 6000; i++) await ci.index.read({ branch: `invented-${i}` });
    expect(lookUps()).toBe(1120);
  });

  test('are looked up no more often if requested all at once', async () => {
    const ci = createFixture(runsFrom(1, 20));
    const held = Promise.withResolvers<void>();
    await ci.index.read({ branch: 'branch-20' });
    ci.hold = held.promise;
    const asked = Array.from({ length: 3000 }, (_, i) => ci.index.read({ branch: `invented-${i}` }));
    const joined = ci.index.read({ branch: 'invented-0' });
    held.resolve();
    const failed = (await Promise.all(asked)).filter(({ kind }) => kind === 'failed');
    expect(failed).toHaveLength(2000);
    expect(await joined).toMatchObject({ kind: 'known' });
    expect(ci.calls.filter((call) => call.startsWith('branch'))).toHaveLength(1000);
    expect(ids(await ci.index.read({ branch: 'branch-20' }))).toEqual(['20']);
  });

  test('do not count if CI did not respond', async () => {
    const ci = createFixture(runsFrom(1, 20));
    await ci.index.read({ branch: 'branch-20' });
    ci.failure = 'malformed';
    for (let i = 0; i < 1500; i++) await ci.index.read({ branch: `invented-${i}` });
    ci.failure = undefined;
    expect(await ci.index.read({ branch: 'another' })).toMatchObject({ kind: 'known' });
  });

  test('do not prevent look-ups of branches with runs', async () => {
    const ci = createFixture(runsFrom(1, 1500));
    for (let id = 1; id <= 1400; id++) {
      expect(ids(await ci.index.read({ branch: `branch-${id}` }))).toEqual([String(id)]);
    }
  });
});
