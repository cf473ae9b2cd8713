/** The gates of several projects, and what they share. */
import { describe, expect, it } from 'vitest';
import type { CommitStatuses } from '../../../src/ci/commit-statuses.ts';
import type { CiProvider } from '../../../src/ci/provider.ts';
import { UpstreamError } from '../../../src/errors.ts';
import type { Project } from '../../../src/resolve/types.ts';
import { AdaptiveFreshness } from '../../../src/runs/adaptive-freshness.ts';
import { matchesPattern, evaluateStatuses } from '../../../src/runs/evaluate-statuses.ts';
import { composeGates } from '../../../src/runs/gates.ts';
import { createProject, sha } from '../../fixtures/builders.ts';

const COMMIT = sha('a');
const NOW = 1_000_000;

function createFixture(...given: readonly Partial<Project>[]) {
  const calls: string[] = [];
  const state = { generation: 1, isDenied: false };
  const freshness = new AdaptiveFreshness(15_000, 300_000, () => NOW);
  const statuses: CommitStatuses = {
    host: 'git.test',
    fetchStatuses(gitRepository, commit) {
      calls.push(`${gitRepository} ${commit}`);
      if (state.isDenied) {
        return Promise.reject(new UpstreamError({ kind: 'denied', host: 'git.test', message: 'no' }));
      }
      const contexts = ['scan', 'lint'];
      return Promise.resolve({
        statuses: contexts.map((context) => ({ context, state: 'success', outcome: 'success' })),
      });
    },
  };
  const provider = {
    host: 'git.test',
    repositoryKey: (name: string) => name.toLowerCase(),
    generation: () => state.generation,
  } as unknown as CiProvider;
  const projects = given.map((each, i) => createProject({ name: `p${i}`, git: 'git', ...each }));
  const gateOf = composeGates({
    projects: new Map(projects.map((project) => [project.name, project])),
    connections: new Map([
      ['git', { provider, statuses, freshness }],
      ['other', { provider, statuses, freshness }],
      ['ci', { provider, freshness }],
    ]),
    now: () => NOW,
  });
  const gates = projects.map((project) => gateOf(project));
  return { calls, state, freshness, gates };
}

describe('projects of one repository', () => {
  it('read the statuses of a commit once, and each keeps the ones that it requires', async () => {
    const { calls, gates } = createFixture(
      { statuses: ['scan'] },
      { statuses: ['lint'], gitRepository: 'Acme/Shop' },
    );
    expect(await gates[0]?.read(COMMIT)).toMatchObject({ status: 'green', reason: 'scan success' });
    expect(await gates[1]?.read(COMMIT)).toMatchObject({ status: 'green', reason: 'lint success' });
    expect(calls).toHaveLength(1);
  });
});

describe('projects of different repositories or Git hosts', () => {
  it('share nothing, although a fork has the same commits', async () => {
    const { calls, gates } = createFixture(
      { statuses: ['scan'] },
      { statuses: ['scan'], gitRepository: 'acme/fork' },
      { statuses: ['scan'], git: 'other' },
    );
    for (const gate of gates) await gate?.read(COMMIT);
    expect(calls).toEqual([`acme/shop ${COMMIT}`, `acme/fork ${COMMIT}`, `acme/shop ${COMMIT}`]);
  });
});

describe('a project without statuses', () => {
  it('has no gate, and its connection need not know any', () => {
    expect(createFixture({ git: 'ci' }, { git: undefined }).gates).toEqual([undefined, undefined]);
  });
});

describe('a gate', () => {
  it('leaves the last calls of the quota to the listings', async () => {
    const { calls, freshness, gates } = createFixture({ statuses: ['scan'] });
    freshness.observe(1, 5000, NOW + 3_600_000);
    expect(await gates[0]?.read(COMMIT)).toMatchObject({ failure: { kind: 'rate_limited' } });
    expect(calls).toEqual([]);
  });

  it('tries again at once with a new token', async () => {
    const { calls, state, gates } = createFixture({ statuses: ['scan'] });
    state.isDenied = true;
    for (const _ of [1, 2]) {
      expect(await gates[0]?.read(COMMIT)).toMatchObject({ failure: { kind: 'denied' } });
    }
    expect(calls).toHaveLength(1);
    state.isDenied = false;
    state.generation = 2;
    expect(await gates[0]?.read(COMMIT)).toMatchObject({ status: 'green' });
  });

  it('takes an answer that is just new enough', async () => {
    const { calls, gates } = createFixture({ statuses: ['scan'] });
    await gates[0]?.read(COMMIT);
    expect(await gates[0]?.read(COMMIT, NOW)).toMatchObject({ status: 'green', askedAt: NOW });
    expect(calls).toHaveLength(1);
  });
});

describe('a pattern', () => {
  it('may match parts that touch', () => {
    expect(matchesPattern('bc', '*b*c')).toBe(true);
  });
});

describe('a reason', () => {
  it('names ten statuses, and counts no rest where there is none', () => {
    const all = Array.from({ length: 10 }, (_, i) => ({
      context: `job-${i}`,
      state: 'success' as const,
      outcome: 'ok',
    }));
    expect(evaluateStatuses(all, ['job-*']).reason).toMatch(/, job-9 ok$/);
  });
});
