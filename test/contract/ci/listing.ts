/** Lists of runs: order, paging, totals, validators, branches, pull requests, changes. */
import { describe, expect, it } from 'vitest';
import { compareRuns } from '../../../src/resolve/run-order.ts';
import type { Run } from '../../../src/resolve/types.ts';
import { GREEN, list, listAll, type CiUpstream } from './upstream.ts';

const ids = (runs: readonly Run[]) => runs.map(({ id }) => id);

export function describeListing(current: () => CiUpstream): void {
  describe('the list of runs', () => {
    it('shows the runs of every branch, newest first, in the order of position and tie', async () => {
      const upstream = current();
      const added = ['main', 'feature', 'main'].map((branch) => upstream.addRun({ ...GREEN, branch }));
      const runs = await listAll(upstream);
      expect(ids(runs)).toEqual(added.toReversed());
      expect(ids(runs.toSorted((a, b) => compareRuns(b, a)))).toEqual(ids(runs));
    });

    it('is empty for a repository without runs', async () => {
      const page = await list(current());
      expect([page.runs, page.next]).toEqual([[], undefined]);
    });

    it('has every run once over several pages', async () => {
      const upstream = current();
      const count = upstream.pageSize * 2 + 1;
      const added = Array.from({ length: count }, () => upstream.addRun(GREEN));
      const first = await list(upstream);
      expect([first.runs.length, first.next === undefined]).toEqual([upstream.pageSize, false]);
      expect(ids(await listAll(upstream))).toEqual(added.toReversed());
    });

    it('ends after a page that is exactly full, with an empty page at most', async () => {
      const upstream = current();
      for (let number = 0; number < upstream.pageSize; number++) upstream.addRun(GREEN);
      expect(await listAll(upstream)).toHaveLength(upstream.pageSize);
    });

    it('neither skips nor repeats with keyset paging, whatever happens between two pages', async () => {
      const upstream = current();
      if (upstream.ports.provider.paging !== 'keyset') return;
      const added = Array.from({ length: upstream.pageSize * 3 }, () => upstream.addRun(GREEN));
      const doomed = added.at(-1) ?? '';
      let pages = 0;
      const runs = await listAll(upstream, () => {
        upstream.addRun(GREEN);
        if (pages++ === 0) upstream.deleteRun(doomed);
      });
      expect(ids(runs)).toEqual(added.toReversed());
    });

    it('has the pages at their numbers with numbered paging', async () => {
      const upstream = current();
      const { provider } = upstream.ports;
      if (provider.cursorOf === undefined) return;
      const count = upstream.pageSize * 2 + 1;
      const added = Array.from({ length: count }, () => upstream.addRun(GREEN));
      const { runs, next } = await list(upstream, provider.cursorOf(3));
      expect([ids(runs), next]).toEqual([added.slice(0, 1), undefined]);
    });

    it('carries a total exactly if that is claimed', async () => {
      const upstream = current();
      upstream.addRun(GREEN);
      expect((await list(upstream)).total).toBe(upstream.claims.total ? 1 : undefined);
    });

    it('is conditional exactly if that is claimed', async () => {
      const upstream = current();
      const { provider } = upstream.ports;
      upstream.addRun(GREEN);
      const { validator } = await list(upstream);
      expect(validator !== undefined).toBe(upstream.claims.validator);
      if (validator === undefined) return;
      expect(await provider.fetchRuns(upstream.gitRepository, undefined, validator)).toBe('unchanged');
      const id = upstream.addRun(GREEN);
      const page = await provider.fetchRuns(upstream.gitRepository, undefined, validator);
      expect(page).toMatchObject({ runs: [{ id }, {}] });
    });

    it('skips and counts an element that cannot be read, and keeps its place', async () => {
      const upstream = current();
      const [older, odd, newer] = [upstream.addRun(GREEN), upstream.addRun(GREEN), upstream.addRun(GREEN)];
      upstream.spoilRun(odd);
      const { runs, unread = [] } = await list(upstream);
      expect(ids(runs)).toEqual([newer, older]);
      expect(unread).toMatchObject([{ problem: expect.any(String) }]);
      expect(upstream.skipped()).toBe(1);
      expect(unread[0]?.position).toBeLessThanOrEqual(runs[0]?.position ?? 0);
      expect(unread[0]?.position).toBeGreaterThanOrEqual(runs[1]?.position ?? 0);
    });
  });

  describe("a branch's list", () => {
    it('shows the runs of this branch only, whatever its name', async () => {
      const { ports, gitRepository, addRun } = current();
      const names = ['feature/a b&c', 'feature', 'feature/a b&c'];
      const [first, , third] = names.map((branch) => addRun({ ...GREEN, branch }));
      const page = await ports.provider.fetchBranchRuns(gitRepository, 'feature/a b&c');
      expect(ids(page.runs)).toEqual([third, first]);
      let unknown = await ports.provider.fetchBranchRuns(gitRepository, 'unknown');
      // A search may cover some months only, so that older ones follow.
      for (let pages = 1; unknown.next !== undefined && pages < 5; pages++) {
        expect(unknown.runs).toEqual([]);
        unknown = await ports.provider.fetchBranchRuns(gitRepository, 'unknown', unknown.next);
      }
      expect([unknown.runs, unknown.next]).toEqual([[], undefined]);
    });

    it("shows a fork's runs of a branch of the same name as foreign", async () => {
      const { ports, gitRepository, addRun, claims } = current();
      if (claims.forkRuns === false) return;
      const own = addRun(GREEN);
      const foreign = addRun({ ...GREEN, head: 'fork', pullRequest: '7' });
      const { runs } = await list(current());
      expect(runs).toMatchObject([
        { id: foreign, origin: expect.stringMatching(/^(?:foreign|unknown)$/) },
        { id: own, origin: 'own' },
      ]);
      const page = await ports.provider.fetchBranchRuns(gitRepository, 'main');
      expect(page.runs.filter((run) => run.origin === 'own').map((run) => run.id)).toEqual([own]);
    });
  });

  describe("a pull request's run", () => {
    it('is found by its branch or by its number, as claimed', async () => {
      const upstream = current();
      const { ports, gitRepository, claims } = upstream;
      upstream.addRun(GREEN);
      const id = upstream.addRun({ ...GREEN, branch: 'feature', pullRequest: '7' });
      const namesBranch = claims.pullRequestRuns === 'name the branch';
      const named = namesBranch
        ? { branch: 'feature', pullRequest: null }
        : { branch: null, pullRequest: '7' };
      expect((await list(upstream)).runs[0]).toMatchObject({ id, ...named });
      const page = namesBranch
        ? await ports.provider.fetchBranchRuns(gitRepository, 'feature')
        : await ports.provider.fetchPullRequestRuns?.(gitRepository, '7');
      expect(ids(page?.runs ?? [])).toEqual([id]);
    });
  });

  describe('the list of changes', () => {
    it('shows a re-run of an old run', async () => {
      const upstream = current();
      const { provider } = upstream.ports;
      const old = upstream.addRun({ ...GREEN, state: 'unsuccessful' });
      upstream.addRun(GREEN);
      const { changes } = await list(upstream);
      expect(changes !== undefined).toBe(provider.fetchChanges !== undefined);
      if (changes === undefined) return;
      upstream.rerun?.(old);
      const { runs } = (await provider.fetchChanges?.(upstream.gitRepository, changes)) ?? { runs: [] };
      expect(runs.find(({ id }) => id === old)).toMatchObject({ state: 'success' });
    });
  });
}
