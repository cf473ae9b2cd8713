/** Single runs: translation, re-runs, deletion, workflows, and the probe. */
import { describe, expect, it } from 'vitest';
import type { Run } from '../../../src/resolve/types.ts';
import { GREEN, list, type CiUpstream } from './upstream.ts';

export function describeRuns(current: () => CiUpstream): void {
  describe('a run', () => {
    it.each(['running', 'success', 'unsuccessful'] as const)('is %s', async (state) => {
      const upstream = current();
      const id = upstream.addRun({ branch: 'main', state });
      const run = await fetchRun(upstream, id);
      const attempt = upstream.claims.attempts === false ? 1 : run.attempt;
      const counted = { ...run, attempt };
      expect(counted).toMatchObject({ id, branch: 'main', state, origin: 'own', attempt: 1 });
      expect(run.outcome).not.toBe('');
      expect(await list(upstream)).toMatchObject({ runs: [run] });
    });

    it('has a full commit in lower case, and times in milliseconds', async () => {
      const upstream = current();
      const run = await fetchRun(upstream, upstream.addRun(GREEN));
      expect(run.commit).toMatch(/^[0-9a-f]{40}$/);
      expect(run.createdAt ?? Infinity).toBeGreaterThan(Date.parse('2020-01-01'));
      expect(run.updatedAt).toBeGreaterThanOrEqual(run.createdAt ?? 0);
    });

    it.each([
      ['a fork', 'fork', expect.toBeOneOf([null, expect.any(String)])],
      // Not every API says that it was deleted.
      ['a deleted repository', 'deleted', expect.toBeOneOf([null, expect.any(String)])],
    ] as const)('of %s is not our own', async (_name, head, headRepositoryId) => {
      const upstream = current();
      if (upstream.claims.forkRuns === false) return;
      upstream.addRun({ ...GREEN, head, pullRequest: '7' });
      expect((await list(upstream)).runs).toEqual([
        expect.toBeOneOf([
          expect.objectContaining({ origin: 'foreign', headRepositoryId }),
          expect.objectContaining({ origin: 'unknown' }),
        ]),
      ]);
    });

    it('without a branch has none', async () => {
      const upstream = current();
      upstream.addRun({ ...GREEN, branch: null });
      expect(await list(upstream)).toMatchObject({ runs: [{ branch: null }] });
    });

    it('keeps its id and its place when it is run again', async () => {
      const upstream = current();
      if (upstream.rerun === undefined) return;
      const id = upstream.addRun({ ...GREEN, state: 'unsuccessful' });
      const before = await fetchRun(upstream, id);
      upstream.addRun(GREEN);
      upstream.rerun(id);
      const after = await fetchRun(upstream, id);
      expect(after).toMatchObject({ id, position: before.position, tie: before.tie, state: 'success' });
      const counter = upstream.claims.attempts === false ? 'updatedAt' : 'attempt';
      expect(after[counter]).toBeGreaterThan(before[counter]);
    });

    it('is gone once it was deleted', async () => {
      const { ports, gitRepository, addRun, deleteRun } = current();
      const id = addRun(GREEN);
      deleteRun(id);
      expect(await ports.provider.fetchRun(gitRepository, id)).toBe('gone');
    });

    it('belongs to a workflow exactly if that is claimed', async () => {
      const upstream = current();
      const run = await fetchRun(upstream, upstream.addRun(GREEN));
      const { inspector } = upstream.ports;
      expect([run.workflow !== null, run.workflowId !== null]).toEqual(
        upstream.claims.workflows ? [true, true] : [false, false],
      );
      if (inspector === undefined) return;
      expect(await inspector.fetchWorkflows(upstream.gitRepository)).toMatchObject([
        { path: run.workflow, disabled: null },
      ]);
    });
  });

  describe('the probe', () => {
    it('proves in one call that the runs can be read', async () => {
      const { ports, gitRepository, requests, addRun, lookUps = 0 } = current();
      addRun(GREEN);
      expect(await ports.provider.probe(gitRepository)).toContain(gitRepository);
      expect(requests()).toBe(lookUps + 1);
    });
  });
}

async function fetchRun({ ports, gitRepository }: CiUpstream, id: string): Promise<Run> {
  const run = await ports.provider.fetchRun(gitRepository, id);
  if (run === 'gone') throw new Error('expected a run');
  return run;
}
