import { describe, expect, it } from 'vitest';
import {
  decodeBranch,
  encodeBranch,
  jobPath,
  parsePullRequestJob,
  pullRequestJobs,
} from '../../../../src/ci/jenkins/job-names.ts';

describe("a branch's job", () => {
  // jenkinsci/branch-api-plugin, src/main/java/jenkins/branch/NameEncoder.java
  it.each([
    ['main', 'main'],
    ['feature/x', 'feature%2Fx'],
    ['100%/#1?[a]\\b', '100%25%2F%231%3F%5Ba%5D%5Cb'],
    ['ümlaut and blank&more', 'ümlaut and blank&more'],
    ['feature%2Fx', 'feature%252Fx'],
    ['', '%00'],
    ['.', '%2E'],
    ['..', '%2E.'],
  ])('of %s is %s, and the reverse', (branch, job) => {
    expect(encodeBranch(branch)).toBe(job);
    expect(decodeBranch(job)).toBe(branch);
  });

  it('keeps a long name whole, since only the folder on disk has a shortened one', () => {
    const branch = `feature/${'long-'.repeat(40)}`;
    expect(decodeBranch(encodeBranch(branch))).toBe(branch);
  });

  it('is decoded once, although the path in a URL encodes it twice', () => {
    expect(decodeBranch('feature%252Fx')).toBe('feature%2Fx');
  });
});

describe("a pull request's job", () => {
  it.each([
    ['PR-7', { number: '7', strategy: undefined }],
    ['PR-7-head', { number: '7', strategy: 'head' }],
    ['PR-7-merge', { number: '7', strategy: 'merge' }],
    ['MR-12', { number: '12', strategy: undefined }],
  ])('is %s', (job, expected) => {
    expect(parsePullRequestJob(job)).toEqual(expected);
    expect(pullRequestJobs(expected.number)).toContain(job);
  });

  it.each(['PR-', 'PR-07', 'PR-7-fix', 'pr-7', 'XPR-7', 'main'])('is not %s', (job) => {
    expect(parsePullRequestJob(job)).toBeUndefined();
  });
});

describe('the path of a job', () => {
  it('has /job/ before each folder', () => {
    expect(jobPath('acme/team a%20b/shop')).toBe('/job/acme/job/team%20a%20b/job/shop');
  });
});
