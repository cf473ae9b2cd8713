/** Jenkins' listing below an index of its runs: what thousands of polls cost, and that nothing is missing. */
import { describe, expect, it } from 'vitest';
import type { BranchRuns } from '../../../../src/resolve/ports.ts';
import { createRunIndex } from '../../../../src/runs/run-index.ts';
import { PIPELINE, serveJenkins, type ServedJenkins } from '../../../fixtures/jenkins/connect.ts';
import { createBuild, MINUTE, START } from '../../../fixtures/jenkins/data.ts';

const FRESH_FOR = 30_000;

function createIndex({ provider, clock }: ServedJenkins) {
  return createRunIndex({
    provider,
    ciRepository: PIPELINE,
    gitRepository: PIPELINE,
    freshFor: () => FRESH_FOR,
    now: () => clock.now,
  });
}

function known(result: BranchRuns): Extract<BranchRuns, { kind: 'known' }> {
  if (result.kind === 'failed') throw new Error(result.failure.message);
  return result;
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => ({ number: i + 1 }));

describe('an index of 300 branches beside a busy one', () => {
  it('knows all of them after a few calls, and costs one call while nothing changes', async () => {
    const jenkins = await serveJenkins();
    const branches = Array.from({ length: 300 }, (_, i) => `branch-${i}`);
    for (const [i, branch] of branches.entries()) jenkins.add(branch, { number: 1, timestamp: START + i });
    // All newer than any build of the others.
    jenkins.add('main', ...numbers(40).map(({ number }) => ({ number, timestamp: START + number * MINUTE })));
    jenkins.clock.now = START + 60 * MINUTE;
    const index = createIndex(jenkins);
    for (const branch of branches) {
      const { runs, coverage } = known(await index.read({ branch }));
      expect([runs.map(({ branch: name }) => name), coverage.kind]).toEqual([[branch], 'complete']);
    }
    expect(jenkins.sent().length).toBeLessThanOrEqual(8);
    jenkins.clock.now += FRESH_FOR;
    for (const branch of branches) await index.read({ branch });
    expect(jenkins.sent()).toHaveLength(1);
    jenkins.server.verify();
  });
});

describe('a branch in the index', () => {
  it('has its green build although ten newer ones failed', async () => {
    const jenkins = await serveJenkins();
    jenkins.add(
      'main',
      ...numbers(12).map(({ number }) => ({ number, result: number === 1 ? 'SUCCESS' : 'FAILURE' })),
    );
    const index = createIndex(jenkins);
    let result = known(await index.read({ branch: 'main' }));
    for (let tries = 0; tries < 3 && result.coverage.kind !== 'complete'; tries++) {
      result = known(await index.readFurther({ branch: 'main' }));
    }
    expect(result.coverage.kind).toBe('complete');
    expect(result.runs.filter(({ state }) => state === 'success').map(({ id }) => id)).toEqual(['main#1']);
  });

  it('shows how a build ends', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', { number: 1, building: true });
    const index = createIndex(jenkins);
    expect(known(await index.read({ branch: 'main' })).runs).toMatchObject([{ state: 'running' }]);
    jenkins.server.data.jobs[0]?.builds.splice(0, 1, createBuild({ number: 1 }));
    jenkins.clock.now += FRESH_FOR;
    expect(known(await index.read({ branch: 'main' })).runs).toMatchObject([{ state: 'success' }]);
  });

  it('loses the builds of a job that was removed, and has those of the one that follows it', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', { number: 1 });
    jenkins.add('feature', { number: 1 }, { number: 2 });
    const index = createIndex(jenkins);
    await index.read({ branch: 'feature' });
    const { jobs } = jenkins.server.data;
    jenkins.server.data.jobs = jobs.filter(({ name }) => name !== 'feature');
    jenkins.add('feature', { number: 1, timestamp: START + 99 * MINUTE, result: 'FAILURE' });
    jenkins.clock.now += FRESH_FOR;
    const { runs } = known(await index.read({ branch: 'feature' }));
    expect(runs).toMatchObject([{ id: 'feature#1', outcome: 'FAILURE' }]);
  });

  it('is not in doubt because a build could not reach the Git host', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', { number: 1 }, { number: 2, result: 'FAILURE', actions: [{}] });
    const { runs, unresolved } = known(await createIndex(jenkins).read({ branch: 'main' }));
    expect([runs.map(({ id }) => id), unresolved]).toEqual([['main#1'], undefined]);
  });

  it('is in doubt while the commit of its newest green build cannot be read', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', { number: 1 }, { number: 2, actions: [{}] });
    const { unresolved } = known(await createIndex(jenkins).read({ branch: 'main' }));
    expect(unresolved?.failure.kind).toBe('malformed');
  });
});

describe('a pull request in the index', () => {
  it('is found by its number beside the branch', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('PR-7', { number: 1 });
    const { runs } = known(await createIndex(jenkins).read({ branch: 'feature', number: '7' }));
    expect(runs).toMatchObject([{ id: 'PR-7#1', pullRequest: '7', origin: 'unknown' }]);
  });
});
