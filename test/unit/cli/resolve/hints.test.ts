import { describe, expect, test } from 'vitest';
import { findHints } from '../../../../src/cli/resolve/hints.ts';
import type { Decision } from '../../../../src/resolve/decision.ts';
import { evaluateBuild, type EvaluatedBuild } from '../../../../src/resolve/evaluate-build.ts';
import type { Project } from '../../../../src/resolve/types.ts';
import { createRequest, createRun } from '../../../fixtures/builders.ts';

const REQUEST = createRequest();
const BUILD = '.github/workflows/build.yml';

function notesOf(
  decision: Decision,
  wanted: readonly string[],
  seen: readonly string[],
  knownBranches: readonly string[] = [REQUEST.branch],
): string[] {
  const request = { ...REQUEST, project: { ...REQUEST.project, workflows: wanted } };
  const account = {
    builds: [],
    examined: [],
    ignored: new Map(),
    workflows: new Set(seen),
    knownBranches,
  };
  return findHints(request, { decision, ...account });
}

const NOTHING: Decision = { kind: 'nothing', freshness: 'fresh', asOf: 0, because: 'no build' };

describe('a workflow that the configuration names', () => {
  test('without a run on the branch gets a hint with the probable name', () => {
    expect(notesOf(NOTHING, ['.github/workflows/biuld.yml', BUILD], [BUILD])).toEqual([
      'the branch has no run of .github/workflows/biuld.yml; did you mean .github/workflows/build.yml?',
    ]);
  });

  test('gets no hint if the branch has no runs', () => {
    expect(notesOf(NOTHING, [BUILD], [])).toEqual([]);
  });
});

function notesFor(
  branch: string,
  knownBranches: readonly string[],
  builds: Project['builds'] = 'runs',
): string {
  const account = { builds: [], examined: [], ignored: new Map(), workflows: new Set<string>() };
  const resolution = { decision: NOTHING, ...account, knownBranches };
  const project = { ...REQUEST.project, builds };
  return findHints({ ...REQUEST, project, branch }, resolution).join();
}

describe('a branch without runs', () => {
  test.each([
    ['featuer', ['main', 'feature'], 'CI has no run of featuer; did you mean feature?'],
    ['origin/main', ['main', 'feature'], 'CI has no run of origin/main; did you mean main?'],
    ['refs/remotes/origin/main', ['main'], 'CI has no run of refs/remotes/origin/main; did you mean main?'],
    ['x', ['main', 'feature'], 'CI has no run of x; it has runs of main, feature'],
    [
      'x',
      ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'],
      'CI has no run of x; it has runs of a1, a2, a3, a4, a5 and 1 more',
    ],
    ['x', [], 'CI has no run of x; it has no runs of any branch'],
  ])('%s, among %j', (branch, known, expected) => {
    expect(notesFor(branch, known)).toBe(expected);
  });
});

test.each([
  ['featuer', ['feature'], 'the Git host lists no push to featuer; did you mean feature?'],
  ['x', ['main'], 'the Git host lists no push to x; it has pushes to main'],
  ['x', [], 'the Git host lists no push to x; it has no pushes to any branch'],
])('with builds: statuses, the hint about %s, among %j, speaks of pushes', (branch, known, expected) => {
  expect(notesFor(branch, known, 'statuses')).toBe(expected);
});

test('a branch gets no hint while it is uncertain whether it has runs', () => {
  expect(notesOf({ ...NOTHING, freshness: 'stale' }, [], [], ['featrue'])).toEqual([]);
});

test('a branch without runs gets the hint with onNoBuild: error too', () => {
  const refused: Decision = { kind: 'failed', code: 'upstream_failed', message: 'no build' };
  expect(notesOf(refused, [], [], ['main'])).toEqual(['CI has no run of feature; it has runs of main']);
});

describe('an error', () => {
  const failure = { kind: 'denied', host: 'h', message: 'no' } as const;

  test('of CI or a registry gets a hint about greenpin check', () => {
    const decision: Decision = { kind: 'failed', code: 'upstream_failed', message: 'no', failure };
    // Not all runs may have been read: nothing is said of workflows.
    expect(notesOf(decision, ['.github/workflows/biuld.yml'], [BUILD])).toEqual([
      expect.stringContaining('greenpin check'),
    ]);
  });

  test('that the configuration requests (onNoBuild: error) gets none', () => {
    expect(notesOf({ kind: 'failed', code: 'upstream_failed', message: 'no build' }, [], [])).toEqual([]);
  });
});

describe('nothing to deploy has a hint at the likely cause', () => {
  const project = { ...REQUEST.project, name: 'shop', workflows: [] };

  /** @param ignored reasons why runs do not count */
  function causesOf(
    ignored: readonly string[],
    { git = 'hub', builds = [] }: { git?: string | null; builds?: readonly EvaluatedBuild[] } = {},
  ): string[] {
    const request = { ...REQUEST, project: { ...project, git: git ?? undefined } };
    return findHints(request, {
      decision: NOTHING,
      builds,
      examined: [],
      ignored: new Map(ignored.map((reason) => [reason, 1])),
      workflows: new Set(),
      knownBranches: [REQUEST.branch],
    });
  }

  test('if no run has an event that counts', () => {
    expect(causesOf(['event schedule is not in events', 'event api is not in events'])).toEqual([
      'no run of the branch counts; if runs of schedule or api push the images, add that to projects.shop.events',
    ]);
  });

  test('if no Git host says whose the runs are', () => {
    expect(causesOf(['of unknown origin'], { git: null })).toEqual([
      "name the connection to the Git host in projects.shop.git: without one, runs of pull requests count as a fork's",
    ]);
  });

  test('if the newest build waits for a person', () => {
    const run = createRun({ id: '1', state: 'blocked', outcome: 'manual' });
    const build = evaluateBuild([run], new Map(), { ...REQUEST, project });
    expect(causesOf([], { builds: [build] })).toEqual([
      'the newest build waits for a person in CI; projects.shop.blocked: success would count it',
    ]);
  });

  test('but not if several causes are likely, or another one', () => {
    expect(causesOf(["a fork's", 'event api is not in events'])).toEqual([]);
    expect(causesOf(['of unknown origin'])).toEqual([]);
    expect(causesOf(["a tag's"])).toEqual([]);
  });
});
