/** A pull request's runs that name no branch, as GitLab's and Gitea's do. */
import { describe, expect, test } from 'vitest';
import type { CiProvider, RunPage } from '../../../src/ci/provider.ts';
import { createRunIndex } from '../../../src/runs/run-index.ts';
import type { Run } from '../../../src/resolve/types.ts';
import { createRun } from '../../fixtures/builders.ts';

const OF_REQUEST = createRun({ id: '3', branch: null, pullRequest: '7' });
const OF_BRANCH = createRun({ id: '2', branch: 'feature' });

function pageOf(all: readonly Run[], count: number): RunPage {
  return { runs: all.slice(0, count), next: all.length > count ? 'older' : undefined };
}

function createIndex(runs: readonly Run[], listed = runs.length) {
  const calls: string[] = [];
  const provider: CiProvider = {
    host: 'ci.test',
    paging: 'keyset',
    repositoryKey: (gitRepository) => gitRepository,
    fetchRuns: async () => pageOf(runs, listed),
    async fetchBranchRuns(_repository, branch) {
      calls.push(`branch ${branch}`);
      return pageOf(
        runs.filter((run) => run.branch === branch),
        100,
      );
    },
    async fetchPullRequestRuns(_repository, number) {
      calls.push(`pull request ${number}`);
      return pageOf(
        runs.filter((run) => run.pullRequest === number),
        100,
      );
    },
    fetchRun: async () => 'gone',
    probe: async () => '',
  };
  const index = createRunIndex({
    provider,
    ciRepository: 'acme/shop',
    gitRepository: 'acme/shop',
    freshFor: () => 15_000,
    now: () => 1_000_000,
    firstPages: 1,
  });
  return { index, calls };
}

describe('runs that name a pull request but no branch', () => {
  test('are read with those of the branch if the request has the number', async () => {
    const { index } = createIndex([OF_REQUEST, OF_BRANCH]);
    expect(await index.read({ branch: 'feature', number: '7' })).toMatchObject({
      runs: [{ id: '2' }, { id: '3' }],
      coverage: { kind: 'complete' },
    });
    expect(await index.read({ branch: 'feature', number: '8' })).toMatchObject({ runs: [{ id: '2' }] });
    expect(await index.read({ branch: 'feature' })).toMatchObject({ runs: [{ id: '2' }] });
  });

  test('are looked up by number, and are complete only if both lists are', async () => {
    const { index, calls } = createIndex([createRun({ id: '9', branch: 'main' }), OF_REQUEST, OF_BRANCH], 1);
    const known = await index.read({ branch: 'feature', number: '7' });
    expect(known).toMatchObject({ runs: [{ id: '2' }, { id: '3' }], coverage: { kind: 'complete' } });
    expect(known.kind === 'known' && known.standing('3')).toMatchObject({ confirmedAt: 1_000_000 });
    expect(calls).toEqual(['branch feature', 'pull request 7']);
  });

  test('form no branch, and are found by commit, by number and as branchless', async () => {
    const unnamed = createRun({ id: '4', branch: null });
    const { index } = createIndex([unnamed, OF_REQUEST, OF_BRANCH]);
    await index.read({ branch: '' });
    expect(index.branchNames()).toEqual(['feature']);
    expect(index.listedBranches()).toEqual(['feature']);
    expect(index.peekRuns({ branch: '' })).toEqual([]);
    expect([...index.peekBranchless()].map(({ id }) => id).toSorted()).toEqual(['3', '4']);
    expect(index.peekCommit(OF_REQUEST.commit)).toEqual([OF_REQUEST]);
    expect(index.peekNumber('4')).toEqual([unnamed]);
  });
});
