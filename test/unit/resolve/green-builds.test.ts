/** Which builds may be looked up in the registry while older runs have not been read. */
import { describe, expect, it } from 'vitest';
import type { Coverage } from '../../../src/resolve/coverage.ts';
import { selectGreenBuilds } from '../../../src/resolve/select-green-builds.ts';
import { selectBuilds } from '../../../src/resolve/select-builds.ts';
import type { Project, Run } from '../../../src/resolve/types.ts';
import { createProject, createRequest, createRun } from '../../fixtures/builders.ts';

const HOUR = 3_600_000;
/** Runs created from this time on have been read. */
const SINCE: Coverage = { kind: 'since', position: 10 * HOUR, createdAt: 10 * HOUR };

/** A run well within what was read, unless its commit is older. */
function run(id: string, given: Partial<Run> = {}): Run {
  const at = 20 * HOUR + Number(id);
  return createRun({ id, position: at, committedAt: at - 10, ...given });
}

function select(runs: readonly Run[], coverage: Coverage, given: Partial<Project> = {}) {
  const project = createProject(given);
  const { builds } = selectBuilds(runs, createRequest({ project }), { kind: 'own' });
  const { greens, isAll } = selectGreenBuilds(builds, coverage, project);
  return { ids: greens.map(({ build }) => build.id), isAll };
}

const OLD = { committedAt: 10 * HOUR };
const OTHER = { workflow: '.github/workflows/other.yml' };
const BOTH = { workflows: ['.github/workflows/build.yml', '.github/workflows/other.yml'] };

describe('while older runs have not been read', () => {
  it('a commit that is newer than what was read has all its runs', () => {
    expect(select([run('9'), run('8')], SINCE)).toEqual({ ids: ['9', '8'], isAll: false });
  });

  it('a commit that may have older runs ends the search, with all that is older', () => {
    expect(select([run('9'), run('8', OLD), run('7')], SINCE)).toEqual({ ids: ['9'], isAll: false });
    expect(select([run('9', { committedAt: null }), run('8')], SINCE)).toEqual({ ids: [], isAll: false });
  });

  it("a committer's clock may be ahead by an hour", () => {
    expect(select([run('9', { committedAt: 11 * HOUR - 1 })], SINCE).ids).toEqual([]);
    expect(select([run('9', { committedAt: 11 * HOUR })], SINCE).ids).toEqual(['9']);
  });

  it('an incomplete commit may become green, so nothing older takes its place', () => {
    const runs = [run('9', OLD), run('8'), run('7', { ...OTHER, commit: run('8').commit })];
    expect(select(runs, SINCE, BOTH)).toEqual({ ids: [], isAll: false });
    expect(select(runs, { kind: 'complete' }, BOTH)).toEqual({ ids: ['8'], isAll: true });
  });

  it.each(['unsuccessful', 'running', 'blocked'] as const)(
    'a commit that is %s does not end the search, since older runs do not make it green',
    (state) => {
      expect(select([run('9', { ...OLD, state }), run('8')], SINCE).ids).toEqual(['8']);
    },
  );

  it('a push has no older runs', () => {
    const project = { builds: 'statuses', workflows: [], events: ['push'] } as const;
    expect(select([run('9', { committedAt: null }), run('8', OLD)], SINCE, project)).toEqual({
      ids: ['9', '8'],
      isAll: false,
    });
  });
});
