import { describe, expect, it } from 'vitest';
import { parseBuilds, parseId } from '../../../../src/ci/jenkins/schema.ts';
import {
  branchRevision,
  buildData,
  commitOf,
  createBuild,
  pullRevision,
  type JenkinsBuild,
} from '../../../fixtures/jenkins/data.ts';

const SOURCE = { host: 'jenkins.example.com', api: 'Jenkins' };
const HEAD = 'a'.repeat(40);
const MERGE = 'b'.repeat(40);
const LIBRARY = buildData('c'.repeat(40), 'master', 'https://git.example.com/acme/library.git');

function read(changes: Partial<JenkinsBuild>, job = 'main') {
  const [build] = parseBuilds(
    [createBuild({ number: 12, ...changes }, job)],
    { pipeline: 'acme/shop', job },
    SOURCE,
  );
  if (build === undefined) throw new Error('expected a build');
  return build;
}

describe('the state', () => {
  it.each([
    [{ result: 'SUCCESS' }, 'success', 'SUCCESS'],
    [{ result: 'UNSTABLE' }, 'unsuccessful', 'UNSTABLE'],
    [{ result: 'FAILURE' }, 'unsuccessful', 'FAILURE'],
    [{ result: 'ABORTED' }, 'unsuccessful', 'ABORTED'],
    [{ result: 'NOT_BUILT' }, 'unsuccessful', 'NOT_BUILT'],
    [{ result: null }, 'unsuccessful', 'unknown'],
    [{ building: true, result: null }, 'running', 'building'],
    [{ building: true, result: 'FAILURE' }, 'running', 'building'],
    [{ building: true, result: 'SUCCESS' }, 'running', 'building'],
  ] as const)('of %j is %s', (changes, state, outcome) => {
    expect(read(changes).run).toMatchObject({ state, outcome });
  });

  it('of a build that waits at an input step is running', () => {
    const { run, isGoing } = read({ building: true, result: null, duration: 0 });
    expect([run?.state, isGoing]).toEqual(['running', true]);
    expect(run?.updatedAt).toBe(run?.startedAt);
  });
});

describe('the commit', () => {
  it("is the revision's, although a shared library's comes first", () => {
    const actions = [{}, LIBRARY, { ...LIBRARY }, branchRevision(HEAD), buildData(HEAD, 'main')];
    expect(read({ actions }).run).toMatchObject({ commit: HEAD, builtCommit: HEAD, origin: 'own' });
  });

  it('of a green build is unknown without a revision, whatever was checked out', () => {
    const { run, unread } = read({ actions: [LIBRARY, buildData(HEAD, 'main')] });
    expect(run).toBeUndefined();
    expect(unread).toMatchObject({
      id: 'main#12',
      branch: 'main',
      problem: 'a field builds.actions.revision',
    });
  });

  // ci.jenkins.io/job/Core/job/jenkins/job/master/888: an old plugin exports the class only.
  it('is unknown if the plugin exports a revision without a hash', () => {
    const revision = { _class: 'jenkins.plugins.git.AbstractGitSCMSource$SCMRevisionImpl' };
    const actions = [{ _class: 'jenkins.scm.api.SCMRevisionAction', revision }];
    expect(read({ actions }).unread).toMatchObject({ id: 'main#12' });
    expect(read({ actions, result: 'FAILURE' }).unread).toMatchObject({ id: 'main#12' });
  });

  it('is unknown if there are two revisions', () => {
    const actions = [branchRevision(HEAD), branchRevision(MERGE)];
    expect(read({ actions }).unread).toBeDefined();
  });

  it.each([
    ['that failed to reach the Git host', { result: 'FAILURE' }],
    ['that waits to begin', { building: true, result: null }],
  ])('is not needed of a build %s, which is no run', (_case, changes) => {
    expect(read({ ...changes, actions: [{}] })).toMatchObject({ run: undefined, unread: undefined });
  });
});

function bitbucket(merge: boolean): object {
  const revisionClass = 'com.cloudbees.jenkins.plugins.bitbucket.PullRequestSCMRevision';
  return { revision: { _class: revisionClass, merge } };
}

describe('a pull request', () => {
  const job = 'PR-7';

  it('names its number, no branch, and does not say whose it is', () => {
    expect(read({ actions: [pullRevision(HEAD)] }, job).run).toMatchObject({
      id: 'PR-7#12',
      branch: null,
      pullRequest: '7',
      refKind: 'pull_request',
      event: 'pull_request',
      origin: 'unknown',
      headRepositoryId: null,
      commit: HEAD,
    });
  });

  it.each([
    ['merged: GIT_COMMIT is a merge that exists nowhere else', [buildData(MERGE, job)], undefined, MERGE],
    ['unknown without what was checked out', [LIBRARY], undefined, null],
    ['the head if the branch source says so', [LIBRARY], false, HEAD],
    ['merged if it says so', [LIBRARY, buildData(MERGE, 'refs/remotes/origin/PR-7')], true, MERGE],
  ] as const)('is built %s', (_case, data, merge, builtCommit) => {
    const actions = [...data, pullRevision(HEAD, job, merge)];
    expect(read({ actions }, job).run).toMatchObject({ commit: HEAD, builtCommit });
  });

  it('is built at its head by the strategy in the name of the job', () => {
    const actions = [LIBRARY, pullRevision(HEAD, 'PR-7-head')];
    expect(read({ actions }, 'PR-7-head').run).toMatchObject({ pullRequest: '7', builtCommit: HEAD });
  });

  it("of GitLab or Gitea has its commit in the revision's origin", () => {
    const revision = {
      _class: 'io.jenkins.plugins.gitlabbranchsource.MergeRequestSCMRevision',
      origin: { _class: 'io.jenkins.plugins.gitlabbranchsource.BranchSCMRevision', hash: HEAD },
    };
    expect(read({ actions: [{ revision }] }, 'MR-7').run).toMatchObject({ commit: HEAD, pullRequest: '7' });
  });

  it('of Bitbucket has the commit that was checked out, unless it was merged', () => {
    const data = buildData(HEAD, job);
    expect(read({ actions: [data, bitbucket(false)] }, job).run).toMatchObject({ commit: HEAD });
    expect(read({ actions: [data, bitbucket(true)] }, job).unread).toMatchObject({ branch: null });
  });
});

describe('a pull request whose job a trait has named like a branch', () => {
  it.each([
    ['GitHub', pullRevision(HEAD, 'main')],
    [
      'GitLab',
      {
        revision: {
          _class: 'io.jenkins.plugins.gitlabbranchsource.MergeRequestSCMRevision',
          origin: { hash: HEAD },
        },
      },
    ],
    ['any plugin that exports the hash', { revision: { pullHash: HEAD } }],
  ])('is no build of that branch of our own (%s)', (_host, action) => {
    expect(read({ actions: [action] }).run).toMatchObject({
      branch: null,
      pullRequest: null,
      refKind: 'pull_request',
      origin: 'unknown',
      event: 'pull_request',
    });
  });
});

describe('a tag', () => {
  it.each([
    ['jenkins.plugins.git.GitTagSCMRevision', 'jenkins.plugins.git.GitTagSCMHead'],
    [
      'jenkins.plugins.git.AbstractGitSCMSource$SCMRevisionImpl',
      'com.cloudbees.jenkins.plugins.bitbucket.BitbucketTagSCMHead',
    ],
    [
      'org.jenkinsci.plugins.github_branch_source.GitHubTagSCMRevision',
      'org.jenkinsci.plugins.github_branch_source.GitHubTagSCMHead',
    ],
  ])('is told by %s or %s, although its job looks like a branch', (revisionClass, headClass) => {
    const revision = { _class: revisionClass, hash: HEAD, head: { _class: headClass, name: 'main' } };
    expect(read({ actions: [{ revision }] }).run).toMatchObject({ refKind: 'tag', event: 'tag' });
  });
});

describe('an id', () => {
  it('names job and number, since numbers count per branch', () => {
    expect(read({}, 'feature%2Fx').run?.id).toBe('feature%2Fx#12');
    expect(parseId('feature%2Fx#12')).toEqual({ job: 'feature%2Fx', number: '12' });
    expect(parseId('12')).toBeUndefined();
  });
});

describe('an odd build', () => {
  it('has the time of the one before it, and its own number', () => {
    const builds = parseBuilds(
      [createBuild({ number: 13 }), { number: 12, building: 'yes' }, createBuild({ number: 11 })],
      { pipeline: 'acme/shop', job: 'main' },
      SOURCE,
    );
    expect(builds.map(({ number, position }) => [number, position >= (builds[2]?.position ?? 0)])).toEqual([
      [13, true],
      [12, true],
      [11, true],
    ]);
    expect(builds[1]).toMatchObject({ run: undefined, unread: { id: 'main#12', commit: null } });
    expect(commitOf(13)).toBe(builds[0]?.run?.commit);
  });
});
