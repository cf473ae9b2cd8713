import { describe, expect, test } from 'vitest';
import { findHints } from '../../../../src/cli/resolve/hints.ts';
import type { Decision } from '../../../../src/resolve/decision.ts';
import type { Project } from '../../../../src/resolve/types.ts';
import { createRequest } from '../../../fixtures/builders.ts';

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
