import { describe, expect, test } from 'vitest';
import { createRun } from '../../fixtures/builders.ts';
import { createFixture, FRESH_FOR, runsFrom } from '../../fixtures/runs/harness.ts';

const MINUTE = 60_000;
type Bed = ReturnType<typeof createFixture>;

const GREEN = createRun({ id: '900', branch: 'old' });
const RED = createRun({ id: '901', branch: 'old', state: 'unsuccessful' });

/** Branches whose runs the listing has shown, and no longer shows on its first page. */
async function createBed(runs = [GREEN, RED]): Promise<Bed> {
  const ci = createFixture(runs, 300);
  await ci.index.read({ branch: 'old' });
  ci.add(...runsFrom(1000, 1150));
  ci.now += FRESH_FOR;
  await ci.index.read({ branch: 'old' });
  return ci;
}

async function poll(ci: Bed, forMs: number, branches: readonly string[] = ['old']): Promise<string[]> {
  const before = ci.calls.length;
  for (let passed = 0; passed < forMs; passed += MINUTE) {
    ci.now += MINUTE;
    for (const branch of branches) await ci.index.read({ branch: branch });
  }
  return ci.calls.slice(before).filter((call) => call.startsWith('branch'));
}

describe('a re-run of an old run', () => {
  test('is noticed within half an hour while the newest build of its branch is not green', async () => {
    const ci = await createBed();
    ci.update('901', { attempt: 2, state: 'success', outcome: 'success' });
    await poll(ci, 32 * MINUTE);
    const known = await ci.index.read({ branch: 'old' });
    expect(known.kind === 'known' && known.runs.find(({ id }) => id === '901')).toMatchObject({ attempt: 2 });
  });

  test('is noticed within a day while that build is green', async () => {
    const ci = await createBed([GREEN]);
    expect(await poll(ci, 23 * 60 * MINUTE)).toEqual([]);
    expect(await poll(ci, 2 * 60 * MINUTE)).toEqual(['branch old 1']);
  });

  test.each([
    [
      'another workflow of the newest commit is red',
      [GREEN, createRun({ ...RED, workflow: 'test.yml', commit: GREEN.commit })],
    ],
    ["a tag's run is newer, and green", [RED, createRun({ id: '902', branch: 'old', refKind: 'tag' })]],
  ])('counts as such while %s', async (_what, runs) => {
    const ci = await createBed(runs);
    expect(await poll(ci, 32 * MINUTE)).toEqual(['branch old 1']);
  });

  test('costs no call while the listing’s first page shows the whole branch', async () => {
    const ci = createFixture([GREEN, RED]);
    expect(await poll(ci, 300 * MINUTE)).toEqual([]);
  });

  test('costs no call if its branch is not requested, or while the quota is low', async () => {
    const ci = await createBed();
    expect(await poll(ci, 120 * MINUTE, ['branch-1150'])).toEqual([]);
    ci.quotaIsLow = true;
    expect(await poll(ci, 120 * MINUTE)).toEqual([]);
  });

  test('on a thousand quiet branches costs a call per branch and day, never many at once', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `quiet-${index}`);
    const ci = await createBed(names.map((branch, index) => createRun({ id: String(index + 1), branch })));
    let most = 0;
    let all = 0;
    for (let minutes = 0; minutes < 26 * 60; minutes += 10) {
      ci.now += 10 * MINUTE;
      const before = ci.calls.length;
      for (const branch of names) await ci.index.read({ branch: branch });
      const calls = ci.calls.slice(before).filter((call) => call.startsWith('branch')).length;
      most = Math.max(most, calls);
      all += calls;
    }
    expect(most).toBeLessThanOrEqual(5);
    expect(all).toBeGreaterThan(20);
    expect(all).toBeLessThanOrEqual(1000);
  });
});

describe('clocks that differ', () => {
  test.each([-86_400_000, -600_000, 86_400_000])(
    'by %i ms: a run that has left the first page is polled as often as usual',
    async (ahead) => {
      const at = 1_000_000 - ahead;
      const ci = createFixture([createRun({ id: '1', branch: 'slow', state: 'running', createdAt: at })], 1);
      ci.clock = at;
      await ci.index.read({ branch: 'slow' });
      ci.add(
        ...Array.from({ length: 11 }, (_, i) => createRun({ id: String(100 + i), createdAt: at + 1000 + i })),
      );
      for (let polls = 0; polls < 400; polls++) {
        ci.now += FRESH_FOR;
        ci.clock = ci.now - ahead;
        await ci.index.read({ branch: 'slow' });
      }
      const asked = ci.calls.filter((call) => call === 'run 1').length;
      expect(asked).toBeGreaterThan(30);
      expect(asked).toBeLessThan(100);
    },
  );
});
