/** The one run of a project without CI: whose it is. */
import { describe, expect, it } from 'vitest';
import { createCommitRun } from '../../../src/resolve/commit-run.ts';
import { createProject, createRequest, sha } from '../../fixtures/builders.ts';

const NOW = 1_000_000;

function create(given: { number?: string; forks?: boolean; knowsPullRequests?: boolean }) {
  const { number, forks = false, knowsPullRequests = true } = given;
  const project = createProject({ builds: 'registry', forks });
  const request = createRequest({ project, number, headSha: sha('a') });
  return createCommitRun(request, knowsPullRequests, NOW);
}

describe('the run of the commit that a call names', () => {
  it('has all of these fields', () => {
    expect(create({})).toEqual({
      id: '',
      number: '',
      attempt: 1,
      workflow: null,
      workflowId: null,
      branch: 'feature',
      pullRequest: null,
      refKind: 'branch',
      commit: sha('a'),
      builtCommit: sha('a'),
      event: 'builds: registry',
      state: 'success',
      outcome: 'named by the call, no CI asked',
      headRepositoryId: null,
      origin: 'own',
      mayPush: true,
      url: '',
      position: NOW,
      tie: '',
      createdAt: null,
      startedAt: NOW,
      updatedAt: 0,
      committedAt: null,
    });
  });

  it("of a pull request is the pull request's, whose record says whether it is a fork's", () => {
    expect(create({ number: '7' })).toMatchObject({ pullRequest: '7', origin: 'unknown' });
  });

  it.each([{ forks: true }, { knowsPullRequests: false }])(
    'of a pull request is our own where no record is read: %o',
    (given) => {
      expect(create({ number: '7', ...given })).toMatchObject({ pullRequest: null, origin: 'own' });
    },
  );

  it('needs a commit', () => {
    const request = createRequest({ project: createProject({ builds: 'registry' }) });
    expect(() => createCommitRun(request, false, NOW)).toThrow(RangeError);
  });
});
