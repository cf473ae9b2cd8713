import { describe, expect, test } from 'vitest';
import { createRunIndex } from '../../../src/cache/run-index.ts';
import { UpstreamError, type UpstreamFailureKind } from '../../../src/errors.ts';
import type { BranchRuns, CiProvider, RunPage, RunSource } from '../../../src/resolve/ports.ts';
import type { Run } from '../../../src/resolve/types.ts';
import { createRun } from '../../fixtures/values.ts';

const FRESH_FOR = 15_000;
const PAGE = 5;

function page(all: readonly Run[], number: number, byId = false): RunPage {
  const sorted = all.toSorted((a, b) => (byId ? Number(b.id) - Number(a.id) : b.createdAt - a.createdAt));
  return {
    runs: sorted.slice((number - 1) * PAGE, number * PAGE),
    more: sorted.length > number * PAGE,
    total: sorted.length,
    validator: JSON.stringify(sorted),
  };
}

/** A CI with small pages, a validator that changes with its runs, and a clock of its own. */
function createFixture(runs: Run[] = [], firstPages = 1) {
  const fixture = {
    now: 1_000_000,
    runs,
    calls: [] as string[],
    changed: [] as string[][],
    byId: false,
    failure: undefined as UpstreamFailureKind | undefined,
    failing: (_call: string): boolean => true,
    hold: undefined as Promise<void> | undefined,
    add: (...added: Run[]) => void (fixture.runs = [...added, ...fixture.runs]),
    update: (id: string, change: Partial<Run>) => {
      fixture.runs = fixture.runs.map((run) =>
        run.id === id ? { ...run, updatedAt: run.updatedAt + 1, ...change } : run,
      );
    },
    index: undefined as unknown as RunSource,
  };
  async function called(call: string): Promise<void> {
    fixture.calls.push(call);
    await fixture.hold;
    if (fixture.failure !== undefined && fixture.failing(call)) {
      throw new UpstreamError({ kind: fixture.failure, host: 'ci.test', message: 'ci.test failed' });
    }
  }
  const provider: CiProvider = {
    host: 'ci.test',
    async fetchRuns(_repository, number, validator) {
      await called(`list ${number}`);
      const answer = page(fixture.runs, number, fixture.byId);
      return validator !== undefined && validator === answer.validator ? 'unchanged' : answer;
    },
    async fetchBranchRuns(_repository, branch, number) {
      await called(`branch ${branch} ${number}`);
      return page(
        fixture.runs.filter((run) => run.branch === branch),
        number,
      );
    },
    async fetchRun(_repository, id) {
      await called(`run ${id}`);
      return fixture.runs.find((run) => run.id === id) ?? 'gone';
    },
    async fetchPullRequest(_repository, number) {
      await called(`pull request ${number}`);
      return { kind: 'known', foreign: true, headRepositoryId: '666' };
    },
    probe: () => Promise.resolve(''),
  };
  fixture.index = createRunIndex({
    provider,
    gitRepository: 'acme/shop',
    freshFor: () => FRESH_FOR,
    now: () => fixture.now,
    firstPages,
    onChanged: (branches) => fixture.changed.push([...branches]),
  });
  return fixture;
}

/** Runs `from` to `to`, one a second, on branches of their own unless said otherwise. */
function runsFrom(from: number, to: number, branch?: string): Run[] {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const id = String(from + i);
    return createRun({ id, branch: branch ?? `branch-${id}` });
  });
}
function ids(known: BranchRuns): string[] | string {
  return known.kind === 'failed' ? known.failure.kind : known.runs.map((run) => run.id).toSorted();
}

describe('one listing for every branch', () => {
  test('serves all branches until freshFor has passed', async () => {
    const ci = createFixture(runsFrom(1, 4));
    expect(ids(await ci.index.readBranch('branch-1'))).toEqual(['1']);
    expect(ids(await ci.index.readBranch('branch-4'))).toEqual(['4']);
    ci.now += FRESH_FOR - 1;
    await ci.index.readBranch('branch-2');
    expect(ci.calls).toEqual(['list 1']);
    ci.now += 1;
    await ci.index.readBranch('branch-2');
    expect(ci.calls).toEqual(['list 1', 'list 1']);
  });

  test('is joined by concurrent callers', async () => {
    const ci = createFixture(runsFrom(1, 4));
    await Promise.all(Array.from({ length: 100 }, () => ci.index.readBranch('branch-1')));
    expect(ci.calls).toEqual(['list 1']);
  });

  test('tells since when it is complete: everything, when CI has no more', async () => {
    const ci = createFixture(runsFrom(1, 4));
    expect(await ci.index.readBranch('branch-1')).toMatchObject({ since: null });
    expect(await ci.index.readBranch('nobody')).toMatchObject({ since: null, runs: [] });
    expect(ci.calls).toEqual(['list 1']);
  });

  test('tells when upstream was asked, not when the answer was given', async () => {
    const ci = createFixture(runsFrom(1, 4));
    await ci.index.readBranch('branch-1');
    ci.now += 10_000;
    expect(await ci.index.readBranch('branch-1')).toMatchObject({ asOf: 1_000_000 });
  });

  test('takes up new runs, finished runs and re-runs', async () => {
    const ci = createFixture([createRun({ id: '1', state: 'running' })]);
    await ci.index.readBranch('feature');
    ci.update('1', { state: 'success' });
    ci.add(createRun({ id: '2' }));
    ci.now += FRESH_FOR;
    expect(await ci.index.readBranch('feature')).toMatchObject({
      runs: [{ id: '1', state: 'success' }, { id: '2' }],
    });
    ci.update('1', { attempt: 2, state: 'running' });
    ci.now += FRESH_FOR;
    const after = await ci.index.readBranch('feature');
    expect(after.kind === 'known' && after.runs.find((run) => run.id === '1')).toMatchObject({
      attempt: 2,
      state: 'running',
    });
  });

  test('forgets runs that CI deleted', async () => {
    const ci = createFixture(runsFrom(1, 20, 'feature'));
    expect(ids(await ci.index.readBranch('feature'))).toContain('18');
    ci.runs = ci.runs.filter((run) => run.id !== '18');
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.readBranch('feature'))).not.toContain('18');
  });
});

describe('a branch that the listing does not show', () => {
  test('is looked up once by itself, and what was learnt is kept', async () => {
    const ci = createFixture([...runsFrom(10, 20), ...runsFrom(1, 2, 'quiet')]);
    expect(await ci.index.readBranch('quiet')).toMatchObject({
      since: null,
      runs: [{ id: '2' }, { id: '1' }],
    });
    ci.now += 10 * FRESH_FOR;
    ci.add(createRun({ id: '21', branch: 'quiet' }));
    expect(ids(await ci.index.readBranch('quiet'))).toEqual(['1', '2', '21']);
    expect(ci.calls).toEqual(['list 1', 'branch quiet 1', 'list 1']);
  });

  test('that has no run at all is looked up once', async () => {
    const ci = createFixture(runsFrom(1, 20));
    expect(await ci.index.readBranch('nobody')).toMatchObject({ runs: [], since: null });
    ci.now += FRESH_FOR;
    await ci.index.readBranch('nobody');
    expect(ci.calls.filter((call) => call.startsWith('branch'))).toEqual(['branch nobody 1']);
  });

  test('is read page by page, as far as is asked for', async () => {
    const ci = createFixture([...runsFrom(50, 60), ...runsFrom(1, 12, 'long')]);
    expect(await ci.index.readBranch('long')).toMatchObject({ since: 8001 });
    expect(await ci.index.readFurther('long')).toMatchObject({ since: 3001 });
    expect(await ci.index.readFurther('long')).toMatchObject({ since: null });
  });

  test('is looked up once for all who ask at the same time', async () => {
    const ci = createFixture(runsFrom(1, 20));
    await Promise.all(Array.from({ length: 50 }, () => ci.index.readBranch('branch-1')));
    expect(ci.calls).toEqual(['list 1', 'branch branch-1 1']);
  });

  test('a filtered list that lags behind does not undo what is known', async () => {
    const ci = createFixture([...runsFrom(10, 20), createRun({ id: '9', branch: 'branch-20', attempt: 1 })]);
    await ci.index.readBranch('branch-20');
    ci.update('20', { attempt: 2, updatedAt: 99_000 });
    ci.now += FRESH_FOR;
    await ci.index.readBranch('branch-20');
    ci.update('20', { attempt: 1, updatedAt: 20_500 });
    const known = await ci.index.readFurther('branch-20');
    expect(known.kind === 'known' && known.runs.find((run) => run.id === '20')).toMatchObject({ attempt: 2 });
  });
});

describe('more runs between two listings than one page holds', () => {
  test('pages are read until what is known is met', async () => {
    const ci = createFixture([...runsFrom(10, 20), createRun({ id: '1', branch: 'quiet' })]);
    await ci.index.readBranch('quiet');
    ci.add(...runsFrom(21, 32));
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.readBranch('branch-22'))).toEqual(['22']);
    expect(ci.calls.slice(2)).toEqual(['list 1', 'list 2', 'list 3']);
    expect(await ci.index.readBranch('quiet')).toMatchObject({ since: null });
  });

  test('a gap that is too wide is not papered over: branches are looked up again', async () => {
    const ci = createFixture([...runsFrom(10, 20), createRun({ id: '1', branch: 'quiet' })]);
    await ci.index.readBranch('quiet');
    ci.add(...runsFrom(100, 200));
    ci.now += FRESH_FOR;
    const known = await ci.index.readBranch('quiet');
    expect(known).toMatchObject({ since: 151_001 });
    expect(await ci.index.readFurther('quiet')).toMatchObject({ since: null });
  });
});

describe('a run that is still going and has left the first page', () => {
  test('is followed by its id until it ends', async () => {
    const ci = createFixture([createRun({ id: '999', branch: 'slow', state: 'running' })]);
    await ci.index.readBranch('slow');
    ci.add(...runsFrom(1000, 1010));
    ci.now += FRESH_FOR;
    await ci.index.readBranch('slow');
    ci.update('999', { state: 'success' });
    ci.now += 60_000;
    expect(await ci.index.readBranch('slow')).toMatchObject({ runs: [{ id: '999', state: 'success' }] });
    const before = ci.calls.length;
    ci.now += 60_000;
    await ci.index.readBranch('slow');
    expect(ci.calls.slice(before)).toEqual(['list 1']);
  });

  test('and was deleted is forgotten', async () => {
    const ci = createFixture([createRun({ id: '999', branch: 'slow', state: 'running' })]);
    await ci.index.readBranch('slow');
    ci.runs = runsFrom(1000, 1010);
    ci.now += 60_000;
    await ci.index.readBranch('slow');
    ci.now += 60_000;
    expect(await ci.index.readBranch('slow')).toMatchObject({ runs: [] });
  });

  test('for a day is asked for rarely', async () => {
    const ci = createFixture([createRun({ id: '1', branch: 'stuck', state: 'running', createdAt: 0 })]);
    ci.now = 86_400_000;
    await ci.index.readBranch('stuck');
    ci.add(...runsFrom(1000, 1010));
    for (let polls = 0; polls < 100; polls++) {
      ci.now += FRESH_FOR;
      await ci.index.readBranch('stuck');
    }
    expect(ci.calls.filter((call) => call === 'run 1')).toHaveLength(1);
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
      expect(ids(await ci.index.readBranch(`branch-${branch}`))).toBe(kind);
    expect(ci.calls).toHaveLength(1);
    ci.failure = undefined;
    ci.now += 60_000;
    expect(ids(await ci.index.readBranch('branch-1'))).toEqual(['1']);
  });

  test('what was learnt survives a fault', async () => {
    const ci = createFixture([...runsFrom(10, 20), createRun({ id: '1', branch: 'quiet' })]);
    await ci.index.readBranch('quiet');
    ci.failure = 'unavailable';
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.readBranch('quiet'))).toBe('unavailable');
    ci.failure = undefined;
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.readBranch('quiet'))).toEqual(['1']);
    expect(ci.calls.filter((call) => call.startsWith('branch'))).toHaveLength(1);
  });

  test('a second page that fails leaves everything as it was: nothing is half known', async () => {
    const ci = createFixture(runsFrom(10, 20));
    await ci.index.readBranch('branch-20');
    ci.add(...runsFrom(21, 32));
    ci.failure = 'unavailable';
    ci.failing = (call) => call === 'list 2';
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.readBranch('branch-32'))).toBe('unavailable');
    ci.failure = undefined;
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.readBranch('branch-22'))).toEqual(['22']);
  });

  test('a malformed look-up of one branch does not keep others from theirs', async () => {
    const ci = createFixture(runsFrom(1, 20));
    ci.failure = 'malformed';
    ci.failing = (call) => call === 'branch branch-1 1';
    expect(ids(await ci.index.readBranch('branch-1'))).toBe('malformed');
    expect(ids(await ci.index.readBranch('branch-2'))).toEqual(['2']);
  });

  test('a caller that joined gets the failure too, and the next one asks again', async () => {
    const ci = createFixture(runsFrom(1, 4));
    const gate = Promise.withResolvers<void>();
    ci.hold = gate.promise;
    ci.failure = 'unavailable';
    const both = [ci.index.readBranch('branch-1'), ci.index.readBranch('branch-2')];
    gate.resolve();
    expect((await Promise.all(both)).map(ids)).toEqual(['unavailable', 'unavailable']);
  });
});

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

describe('what is heard of changes', () => {
  test('the branches of which a listing shows something new', async () => {
    const ci = createFixture([
      createRun({ id: '1', branch: 'a', state: 'running' }),
      createRun({ id: '2', branch: 'b' }),
    ]);
    await ci.index.readBranch('a');
    ci.update('1', { state: 'success', outcome: 'success' });
    ci.now += FRESH_FOR;
    await ci.index.readBranch('a');
    ci.now += FRESH_FOR;
    await ci.index.readBranch('a');
    expect(ci.changed.map((names) => names.toSorted())).toEqual([['a', 'b'], ['a']]);
  });
});

describe('answers that look well and are wrong', () => {
  test('an empty listing is not believed when runs were there, until it has lasted', async () => {
    const ci = createFixture(runsFrom(1, 4));
    const all = ci.runs;
    await ci.index.readBranch('branch-1');
    ci.runs = [];
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.readBranch('branch-1'))).toBe('malformed');
    ci.runs = all;
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.readBranch('branch-1'))).toEqual(['1']);
    ci.runs = [];
    ci.now += FRESH_FOR;
    await ci.index.readBranch('branch-1');
    ci.now += 600_000;
    expect(ids(await ci.index.readBranch('branch-1'))).toEqual([]);
  });

  test('after a listing that lacked what was known, branches are looked up again', async () => {
    const ci = createFixture([...runsFrom(10, 20), createRun({ id: '1', branch: 'quiet' })]);
    const all = ci.runs;
    await ci.index.readBranch('quiet');
    ci.runs = runsFrom(20, 20);
    ci.now += FRESH_FOR;
    await ci.index.readBranch('branch-20');
    ci.runs = [createRun({ id: '21', branch: 'new' }), ...all];
    ci.now += FRESH_FOR;
    await ci.index.readBranch('new');
    expect(await ci.index.readBranch('quiet')).toMatchObject({ since: 17_001 });
    expect(ids(await ci.index.readFurther('quiet'))).toEqual(['1']);
    expect(ids(await ci.index.readBranch('branch-11'))).toEqual(['11']);
  });

  test('a filtered list that lagged behind is asked again, beside the answer, and less and less often', async () => {
    const ci = createFixture(runsFrom(10, 20));
    await ci.index.readBranch('late');
    ci.runs = [...ci.runs, createRun({ id: '1', branch: 'late' })];
    let polls = 0;
    for (; ids(await ci.index.readBranch('late')).length === 0 && polls < 100; polls++) ci.now += FRESH_FOR;
    expect(polls * FRESH_FOR).toBeLessThanOrEqual(630_000);
    const before = ci.calls.length;
    for (let hour = 0; hour < 24 * 4; hour++) {
      ci.now += 900_000;
      await ci.index.readBranch('late');
    }
    expect(ci.calls.slice(before).filter((call) => call === 'branch late 1').length).toBeLessThanOrEqual(6);
  });

  test('neighbours that come in the order of their ids, not of their times, are not taken for deleted', async () => {
    const ci = createFixture([
      createRun({ id: '99', branch: 'a', createdAt: 103_500 }),
      ...runsFrom(100, 102),
    ]);
    await ci.index.readBranch('a');
    ci.runs = [...ci.runs, ...runsFrom(103, 107)];
    ci.byId = true;
    ci.now += FRESH_FOR;
    expect(ids(await ci.index.readBranch('a'))).toEqual(['99']);
  });

  test('a run that CI cannot tell of takes no answer from its branch', async () => {
    const ci = createFixture([createRun({ id: '999', branch: 'slow', state: 'running' })]);
    await ci.index.readBranch('slow');
    ci.add(...runsFrom(1000, 1010), createRun({ id: '1011', branch: 'slow' }));
    ci.failure = 'malformed';
    ci.failing = (call) => call.startsWith('run');
    ci.now += 60_000;
    const known = await ci.index.readBranch('slow');
    expect(ids(known)).toEqual(['1011', '999']);
    expect(known).toMatchObject({ doubt: { failure: { kind: 'malformed' }, createdAt: 999_000 } });
  });

  test('such a run is tried again less and less often, and is in doubt until CI tells', async () => {
    const ci = createFixture([createRun({ id: '999', branch: 'slow', state: 'running' })]);
    await ci.index.readBranch('slow');
    ci.add(...runsFrom(1000, 1010), createRun({ id: '1011', branch: 'slow' }));
    ci.failure = 'malformed';
    ci.failing = (call) => call.startsWith('run');
    const asked = () => ci.calls.filter((call) => call.startsWith('run')).length;
    for (let minutes = 0; minutes < 600; minutes++) {
      ci.now += 60_000;
      expect(await ci.index.readBranch('slow')).toHaveProperty('doubt.failure.kind', 'malformed');
    }
    expect(asked()).toBeLessThan(100);
    ci.failure = undefined;
    ci.now += 3_600_000;
    expect(await ci.index.readBranch('slow')).toHaveProperty('doubt', undefined);
  });

  test('a clock that is set back makes nothing fresh', async () => {
    const ci = createFixture(runsFrom(1, 4));
    await ci.index.readBranch('branch-1');
    ci.now -= 3_600_000;
    ci.add(createRun({ id: '5', branch: 'branch-1' }));
    expect(ids(await ci.index.readBranch('branch-1'))).toEqual(['1', '5']);
  });
});

describe('pull requests', () => {
  test('one that is not found says nothing of another', async () => {
    const ci = createFixture();
    ci.failure = 'not_found';
    ci.failing = (call) => call === 'pull request 6';
    expect(await ci.index.readPullRequest('6')).toMatchObject({ kind: 'failed' });
    expect(await ci.index.readPullRequest('5')).toMatchObject({ kind: 'known' });
  });

  test('whose they are is asked once: a pull request never changes its head repository', async () => {
    const ci = createFixture();
    await ci.index.readPullRequest('5');
    ci.now += 1e9;
    expect(await ci.index.readPullRequest('5')).toEqual({
      kind: 'known',
      foreign: true,
      headRepositoryId: '666',
    });
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
    expect(ids(await ci.index.readBranch('branch-1'))).toEqual(['1']);
  });
});
