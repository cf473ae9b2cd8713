/** Workflows that a project names by their ids, and forks that CI does not name. */
import { describe, expect, it } from 'vitest';
import { selectBuilds } from '../../../src/resolve/select-builds.ts';
import type { Run } from '../../../src/resolve/types.ts';
import { createProject, createRequest, createRun, sha } from '../../fixtures/builders.ts';

const OWN = { kind: 'own' } as const;
const BUILD = { workflow: 'shop-ci', workflowId: '12' };
const NIGHTLY = { workflow: 'shop-nightly', workflowId: '13' };
/** In another folder. */
const NAMESAKE = { workflow: 'shop-ci', workflowId: '99' };

function select(workflows: readonly string[], ...runs: readonly Partial<Run>[]) {
  const request = createRequest({ project: createProject({ workflows }) });
  const created = runs.map((run, i) => createRun({ ...run, id: String(i + 1), commit: sha('a') }));
  return selectBuilds(created, request, OWN);
}

describe('a workflow that is named by its id', () => {
  it('counts, and others do not', () => {
    const { builds, ignored } = select(['12'], BUILD, { ...NIGHTLY, state: 'unsuccessful' });
    expect(builds).toMatchObject([{ status: 'green', build: { id: '1' } }]);
    expect([...ignored]).toEqual([['workflow shop-nightly is not in workflows', 1]]);
  });

  it('is told apart from another one of the same name', () => {
    expect(select(['12'], BUILD, { ...NAMESAKE, state: 'unsuccessful' }).builds).toMatchObject([
      { status: 'green' },
    ]);
    expect(select(['99'], BUILD, { ...NAMESAKE, state: 'unsuccessful' }).builds).toMatchObject([
      { status: 'unsuccessful' },
    ]);
    expect(select(['shop-ci'], BUILD, { ...NAMESAKE, state: 'unsuccessful' }).builds).toMatchObject([
      { status: 'unsuccessful' },
    ]);
  });

  it('is missing until it has run', () => {
    expect(select(['shop-nightly', '12'], NIGHTLY).builds).toMatchObject([
      { status: 'incomplete', reason: 'no run of 12' },
    ]);
  });

  it('represents the build if it is the first', () => {
    expect(select(['13', '12'], BUILD, NIGHTLY).builds).toMatchObject([{ build: { id: '2' } }]);
    expect(select(['12', '13'], BUILD, NIGHTLY).builds).toMatchObject([{ build: { id: '1' } }]);
  });

  it('is among the workflows that have runs', () => {
    expect([...select(['12'], BUILD, NIGHTLY).workflows].toSorted()).toEqual([
      '12',
      'shop-ci',
      'shop-nightly',
    ]);
  });
});

describe("a fork's run that names the pull request, but not the fork", () => {
  const OF_FORK = { branch: null, pullRequest: '7', origin: 'foreign', headRepositoryId: null } as const;
  const run = createRun({ id: '1', commit: sha('a'), ...OF_FORK });
  const request = createRequest({ project: createProject({ forks: true }), number: '7' });
  const fork = { kind: 'fork', headRepositoryId: 'a fork', pullRequest: '7' } as const;

  it('counts for that pull request', () => {
    expect(selectBuilds([run], request, fork).builds).toHaveLength(1);
  });

  it('counts for no other one, nor for the repository itself', () => {
    expect(selectBuilds([run], request, { ...fork, pullRequest: '8' }).builds).toEqual([]);
    expect(
      selectBuilds([run], request, { ...fork, headRepositoryId: null, pullRequest: '8' }).builds,
    ).toEqual([]);
    expect(selectBuilds([run], request, { kind: 'own', pullRequest: '7' }).builds).toEqual([]);
  });
});
