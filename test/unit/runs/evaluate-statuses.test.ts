import { describe, expect, it } from 'vitest';
import type { CommitStatus } from '../../../src/ci/commit-statuses.ts';
import { evaluateStatuses, matchesPattern } from '../../../src/runs/evaluate-statuses.ts';

const WORDS = { success: 'success', pending: 'queued', unsuccessful: 'failure' } as const;

function status(context: string, state: CommitStatus['state'], outcome: string = WORDS[state]): CommitStatus {
  return { context, state, outcome, url: `https://scan.test/${context}` };
}

describe('a pattern', () => {
  it.each([
    ['sonarqube', 'sonarqube', true],
    ['sonarqube', 'Sonarqube', false],
    ['sonarqube', 'sonarqube/quality', false],
    ['security/*', 'security/scan', true],
    ['security/*', 'security/a/b', true],
    ['security/*', 'security', false],
    ['*', 'anything at all (push)', true],
    ['ci/*/build', 'ci/linux/build', true],
    ['ci/*/build', 'ci/build', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*-*-*', 'a-b', false],
    ['*-*-*', 'a-b-c', true],
    ['a*bc*c', 'abc', false],
    ['build (1)', 'build (1)', true],
    ['build.', 'builds', false],
  ])('%s and the name %s', (pattern, context, matches) => {
    expect(matchesPattern(context, pattern)).toBe(matches);
  });
});

describe('statuses are', () => {
  it.each([
    [
      'green if each pattern has one and all are successful',
      [status('sonarqube', 'success'), status('security/scan', 'success')],
      'green',
      'sonarqube success, security/scan success',
    ],
    [
      'incomplete if a pattern has none',
      [status('sonarqube', 'success'), status('lint', 'success')],
      'incomplete',
      'no status security/*',
    ],
    ['incomplete if there are none', [], 'incomplete', 'no status sonarqube, security/*'],
    [
      'running while one is pending',
      [status('sonarqube', 'pending'), status('security/scan', 'success')],
      'running',
      'sonarqube queued',
    ],
    [
      'unsuccessful if one that matches is',
      [
        status('sonarqube', 'pending'),
        status('security/scan', 'success'),
        status('security/image', 'unsuccessful'),
      ],
      'unsuccessful',
      'security/image failure',
    ],
    [
      'unsuccessful if one was skipped',
      [status('sonarqube', 'unsuccessful', 'skipped'), status('security/scan', 'success')],
      'unsuccessful',
      'sonarqube skipped',
    ],
    [
      'unsuccessful if one of two of the same name is',
      [
        status('sonarqube', 'success'),
        status('sonarqube', 'unsuccessful'),
        status('security/scan', 'success'),
      ],
      'unsuccessful',
      'sonarqube failure',
    ],
    [
      'judged by the required ones alone',
      [status('sonarqube', 'success'), status('security/scan', 'success'), status('lint', 'unsuccessful')],
      'green',
      'sonarqube success, security/scan success',
    ],
  ] as const)('%s', (_name, all, expected, reason) => {
    const evaluation = evaluateStatuses(all, ['sonarqube', 'security/*']);
    expect([evaluation.status, evaluation.reason]).toEqual([expected, reason]);
  });

  it('named in part if a glob matches many', () => {
    const all = Array.from({ length: 12 }, (_, i) => status(`job-${i}`, 'success'));
    const { reason, statuses } = evaluateStatuses(all, ['job-*']);
    expect(reason).toMatch(/^job-0 success, .*job-9 success, 2 more$/);
    expect(statuses).toHaveLength(12);
  });
});
