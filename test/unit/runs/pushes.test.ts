/** Pushes as runs before the index: a log of pushes, and a host that lists heads only. */
import { describe, expect, test } from 'vitest';
import { createPushProvider } from '../../../src/ci/push-provider.ts';
import type { Push, PushLog } from '../../../src/ci/push-log.ts';
import { compareRuns } from '../../../src/resolve/run-order.ts';
import { createRunIndex } from '../../../src/runs/run-index.ts';
import { sha } from '../../fixtures/builders.ts';

const FRESH_FOR = 15_000;

function push(branch: string, commit: string, position: number): Push {
  return { branch, commit: sha(commit), position, tie: String(position).padStart(20, '0') };
}

function newestFirst(all: readonly Push[]): Push[] {
  return all.toSorted((a, b) => compareRuns(b, a));
}

/** @param lists of `pushes`, `forgotten` are not in the log any more */
function createFixture(lists: 'pushes' | 'heads', pushes: Push[], forgotten: Push[] = []) {
  const fixture = { now: 1_000_000, pushes, gap: undefined as number | undefined, calls: [] as string[] };
  const log: PushLog = {
    host: 'git.test',
    lists,
    async fetchPushes() {
      fixture.calls.push('list');
      const all = newestFirst(fixture.pushes);
      const { gap } = fixture;
      if (gap !== undefined) {
        return { pushes: all.filter(({ position }) => position > gap), gap: { position: gap, tie: '' } };
      }
      if (lists === 'pushes') return { pushes: all };
      // The newest push, not the newest commit, is the head.
      const heads = new Map(fixture.pushes.map((each) => [each.branch, each]));
      return { pushes: newestFirst([...heads.values()]) };
    },
    async fetchBranchPushes(_repository, branch) {
      fixture.calls.push(`branch ${branch}`);
      const all = newestFirst([...fixture.pushes, ...forgotten]);
      return { pushes: all.filter((each) => each.branch === branch) };
    },
  };
  const provider = createPushProvider(log, { repositoryKey: (name) => name, generation: undefined });
  const index = createRunIndex({
    provider,
    ciRepository: 'acme/shop',
    gitRepository: 'acme/shop',
    freshFor: () => FRESH_FOR,
    now: () => fixture.now,
    firstPages: 1,
  });
  async function read(branch: string, further = false) {
    const known = further ? await index.readFurther({ branch }) : await index.read({ branch });
    if (known.kind === 'failed') throw new Error(known.failure.message);
    const runs = known.runs.toSorted((a, b) => compareRuns(b, a));
    return {
      commits: runs.map(({ commit }) => commit.replace(/0+$/, '')),
      coverage: known.coverage.kind,
      runs,
    };
  }
  return Object.assign(fixture, { provider, read });
}

describe('a push', () => {
  test('is a run that is green, our own, and knows its commit', async () => {
    const { read } = createFixture('pushes', [push('main', 'a1', 1000)]);
    const { runs } = await read('main');
    expect(runs).toMatchObject([
      {
        number: sha('a1').slice(0, 12),
        branch: 'main',
        commit: sha('a1'),
        builtCommit: sha('a1'),
        event: 'push',
        state: 'success',
        outcome: 'pushed',
        workflow: null,
        origin: 'own',
        mayPush: true,
        position: 1000,
      },
    ]);
  });

  test('is known by its id alone, whatever its branch is called', async () => {
    const { provider, read } = createFixture('pushes', [push('we/ird@2@x', 'a1', 1000)]);
    const [run] = (await read('we/ird@2@x')).runs;
    expect(await provider.fetchRun('acme/shop', run?.id ?? '')).toEqual(run);
    expect(await provider.fetchRun('acme/shop', '12345')).toBe('gone');
  });

  test('of a commit that a branch had before is another run', async () => {
    const { read } = createFixture('pushes', [
      push('main', 'a1', 1),
      push('main', 'b2', 2),
      push('main', 'a1', 3),
    ]);
    expect((await read('main')).commits).toEqual(['a1', 'b2', 'a1']);
  });
});

describe('a log of pushes', () => {
  test('serves every branch that it shows by one call', async () => {
    const fixture = createFixture('pushes', [
      push('main', 'a1', 1),
      push('main', 'b2', 2),
      push('feature', 'c3', 3),
    ]);
    expect((await fixture.read('main')).commits).toEqual(['b2', 'a1']);
    expect((await fixture.read('feature')).commits).toEqual(['c3']);
    expect(fixture.calls).toEqual(['list']);
  });

  test('with a push of unknown branches has each branch looked up once, and goes on from there', async () => {
    const fixture = createFixture('pushes', [
      push('main', 'a3', 1),
      push('main', 'a1', 5),
      push('old', 'b1', 6),
    ]);
    expect((await fixture.read('main')).commits).toEqual(['a1', 'a3']);
    // Branch main was among them.
    fixture.gap = 10;
    fixture.now += FRESH_FOR;
    fixture.calls = [];
    fixture.pushes.push(push('main', 'a2', 8));
    expect(await fixture.read('main')).toMatchObject({ commits: ['a1', 'a3'], coverage: 'since' });
    expect(await fixture.read('main', true)).toMatchObject({
      commits: ['a2', 'a1', 'a3'],
      coverage: 'complete',
    });
    expect(await fixture.read('old', true)).toMatchObject({ commits: ['b1'], coverage: 'complete' });
    expect(fixture.calls).toEqual(['list', 'branch main', 'branch old']);
    fixture.now += FRESH_FOR;
    fixture.calls = [];
    expect(await fixture.read('main')).toMatchObject({ coverage: 'complete' });
    expect(await fixture.read('old')).toMatchObject({ coverage: 'complete' });
    expect(fixture.calls).toEqual(['list']);
    fixture.pushes.push(push('old', 'b2', 11));
    fixture.now += FRESH_FOR;
    expect((await fixture.read('old')).commits).toEqual(['b2', 'b1']);
    expect(fixture.calls).toEqual(['list', 'list']);
  });

  test('does not prove that a branch it does not show has no push', async () => {
    const fixture = createFixture(
      'pushes',
      [push('main', 'a0', 4), push('main', 'a1', 5)],
      [push('old', 'b2', 1)],
    );
    expect(await fixture.read('old')).toMatchObject({ commits: ['b2'], coverage: 'complete' });
    fixture.now += FRESH_FOR;
    fixture.pushes.push(push('main', 'c3', 6));
    expect(await fixture.read('old')).toMatchObject({ commits: ['b2'], coverage: 'complete' });
    expect(fixture.calls).toEqual(['list', 'branch old', 'list']);
  });
});

describe('a list of heads', () => {
  test('says nothing about earlier commits, which the branch itself shows', async () => {
    const fixture = createFixture('heads', [push('main', 'a1', 1), push('main', 'b2', 2)]);
    expect(await fixture.read('main')).toMatchObject({ commits: ['b2'], coverage: 'none' });
    expect(await fixture.read('main', true)).toMatchObject({ commits: ['b2', 'a1'], coverage: 'complete' });
    expect(fixture.calls).toEqual(['list', 'branch main']);
  });

  test('keeps what a branch had when its head moves on, and reads between', async () => {
    const fixture = createFixture('heads', [push('main', 'a1', 1)]);
    await fixture.read('main', true);
    fixture.now += FRESH_FOR;
    fixture.pushes.push(push('main', 'b2', 2), push('main', 'c3', 3));
    expect(await fixture.read('main')).toMatchObject({ commits: ['c3', 'a1'], coverage: 'none' });
    expect((await fixture.read('main', true)).commits).toEqual(['c3', 'b2', 'a1']);
  });

  test('drops commits that the branch no longer has', async () => {
    const fixture = createFixture('heads', [push('main', 'a1', 1), push('main', 'b2', 2)]);
    await fixture.read('main');
    fixture.now += FRESH_FOR;
    // The branch was reset to its older commit.
    fixture.pushes.push(push('main', 'a1', 1));
    expect((await fixture.read('main')).commits).toEqual(['a1']);
  });

  test('does not prove that an unlisted branch has none', async () => {
    const fixture = createFixture('heads', [push('main', 'a1', 1)]);
    expect(await fixture.read('gone')).toMatchObject({ commits: [], coverage: 'complete' });
    expect(fixture.calls).toEqual(['list', 'branch gone']);
  });
});
