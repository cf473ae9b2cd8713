import { describe, expect, test } from 'vitest';
import { noteResolution } from '../../../src/commands/resolve-notes.ts';
import type { Decision } from '../../../src/resolve/decision.ts';
import { createRequest } from '../../fixtures/values.ts';

const REQUEST = createRequest();
const BUILD = '.github/workflows/build.yml';

function notesOf(
  decision: Decision,
  wanted: readonly string[],
  seen: readonly string[],
  knownBranches: readonly string[] = [],
): string[] {
  const request = { ...REQUEST, project: { ...REQUEST.project, workflows: wanted } };
  const account = {
    builds: [],
    examined: [],
    ignored: new Map(),
    workflows: new Set(seen),
    knownBranches,
  };
  return noteResolution(request, { decision, ...account });
}

const NOTHING: Decision = { kind: 'nothing', freshness: 'fresh', asOf: 0, because: 'no build' };

describe('a workflow that the configuration names', () => {
  test('and the branch has no run of is told, with what was probably meant', () => {
    expect(notesOf(NOTHING, ['.github/workflows/biuld.yml', BUILD], [BUILD])).toEqual([
      'the branch has no run of .github/workflows/biuld.yml; did you mean .github/workflows/build.yml?',
    ]);
  });

  test('is not suspected where the branch has no runs at all', () => {
    expect(notesOf(NOTHING, [BUILD], []).join()).not.toContain(BUILD);
  });
});

describe('an error', () => {
  const failure = { kind: 'denied', host: 'h', message: 'no' } as const;

  test('of CI or the registry leads to greenpin check', () => {
    const decision: Decision = { kind: 'failed', code: 'upstream_failed', message: 'no', failure };
    // Not all runs may have been read: nothing is said of workflows.
    expect(notesOf(decision, ['.github/workflows/biuld.yml'], [BUILD])).toEqual([
      expect.stringContaining('greenpin check'),
    ]);
  });

  test('that the configuration wants (onNoBuild: error) does not', () => {
    expect(notesOf({ kind: 'failed', code: 'upstream_failed', message: 'no build' }, [], [BUILD])).toEqual(
      [],
    );
  });
});

describe('a branch of which CI has no run', () => {
  test('is told, with the one that was probably meant', () => {
    expect(notesOf(NOTHING, [], [], ['main', 'featrue'])).toEqual([
      'CI has no run of the branch feature; did you mean featrue?',
    ]);
    const refused: Decision = { kind: 'failed', code: 'upstream_failed', message: 'no build' };
    expect(notesOf(refused, [], [], ['main'])).toEqual([
      'CI has no run of the branch feature; it has runs of main',
    ]);
  });

  test('is not suspected of it while that is in doubt', () => {
    expect(notesOf({ ...NOTHING, freshness: 'stale' }, [], [], ['featrue'])).toEqual([]);
  });
});
