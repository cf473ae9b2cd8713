import { describe, expect, test } from 'vitest';
import { createRun } from '../../fixtures/values.ts';
import { createFixture, ids, runsFrom } from './index-bed.ts';

describe('when nothing is known yet', () => {
  test('the further pages are read side by side, and nobody looks up what they show', async () => {
    const ci = createFixture([...runsFrom(10, 30), ...runsFrom(1, 2, 'quiet')], 20);
    expect(ids(await ci.index.readBranch('branch-30'))).toEqual(['30']);
    expect(await ci.index.readBranch('quiet')).toMatchObject({
      runs: [{ id: '2' }, { id: '1' }],
      since: null,
    });
    expect(ci.calls).toEqual(['list 1', 'list 2', 'list 3', 'list 4', 'list 5']);
  });

  test('no more than so many pages are read: what lies beyond is looked up', async () => {
    const ci = createFixture([...runsFrom(10, 30), ...runsFrom(1, 2, 'quiet')], 3);
    expect(await ci.index.readBranch('quiet')).toMatchObject({
      runs: [{ id: '2' }, { id: '1' }],
      since: null,
    });
    expect(ci.calls).toEqual(['list 1', 'list 2', 'list 3', 'branch quiet 1']);
  });

  test('after as many look-ups as a block has pages, the next block is read', async () => {
    const ci = createFixture(runsFrom(1, 60), 3);
    for (let id = 60; id > 45; id--) await ci.index.readBranch(`branch-${id}`);
    expect(ci.calls).toEqual(['list 1', 'list 2', 'list 3']);
    for (let id = 45; id > 0; id--) {
      expect(ids(await ci.index.readBranch(`branch-${id}`))).toEqual([`${id}`]);
    }
    const lookUps = ci.calls.filter((call) => call.startsWith('branch'));
    expect(lookUps).toEqual([45, 44, 35, 34, 25, 24, 15, 14, 5, 4].map((id) => `branch branch-${id} 1`));
    expect(ci.calls.filter((call) => call.startsWith('list')).slice(3, 6)).toEqual([
      'list 3',
      'list 4',
      'list 5',
    ]);
  });

  test('look-ups that find no runs, as of a branch that CI has never built, are no reason to read on', async () => {
    const ci = createFixture(runsFrom(1, 60), 3);
    for (let i = 0; i < 10; i++) await ci.index.readBranch(`unbuilt-${i}`);
    expect(ci.calls.filter((call) => call.startsWith('list'))).toEqual(['list 1', 'list 2', 'list 3']);
  });

  test('a block that leaves a gap to what is known, since runs between were deleted, is not taken for complete', async () => {
    const ci = createFixture([...runsFrom(21, 60), ...runsFrom(1, 20, 'old')], 3);
    await ci.index.readBranch('branch-60');
    await ci.index.readBranch('branch-45');
    ci.runs = ci.runs.filter((run) => Number(run.id) > 55 || Number(run.id) < 36);
    await ci.index.readBranch('branch-34');
    const blocks = ci.calls.filter((call) => call.startsWith('list')).slice(3);
    expect(blocks).toEqual(['list 3', 'list 4', 'list 5']);
    const known = await ci.index.readBranch('branch-28');
    expect(known).toMatchObject({ kind: 'known', runs: [{ id: '28' }] });
    expect(known.kind === 'known' && known.since).toBeGreaterThan(createRun({ id: '45' }).createdAt);
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
});
