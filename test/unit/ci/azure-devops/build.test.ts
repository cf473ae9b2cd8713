/** What a build of Azure Pipelines says, and what it does not. */
import { describe, expect, it } from 'vitest';
import { parseBuild, parseBuildPage } from '../../../../src/ci/azure-devops/build.ts';
import type { Run } from '../../../../src/resolve/types.ts';
import {
  commitOf,
  createFakeBuild,
  OTHER_REPOSITORY_ID,
  pullRequestParts,
  REPOSITORY_ID,
  timeOf,
  type FakeBuild,
} from '../../../fixtures/azure-devops/data.ts';

const SOURCE = { host: 'dev.azure.com', api: 'Azure DevOps' };
const HEAD = commitOf(99);

function parse(changes: Partial<FakeBuild> = {}): Run {
  const run = parseBuild(createFakeBuild(7, changes), REPOSITORY_ID, SOURCE);
  if (run === 'gone') throw new Error('expected a run');
  return run;
}

function parsePage(...builds: readonly unknown[]) {
  return parseBuildPage({ count: builds.length, value: builds }, REPOSITORY_ID, SOURCE);
}

describe("a branch's build", () => {
  it('is translated', () => {
    expect(parse()).toEqual({
      id: '7',
      number: '20260101.7',
      attempt: Math.floor(Date.parse(timeOf(7.5)) / 1000),
      workflow: 'shop-ci',
      workflowId: '12',
      branch: 'main',
      pullRequest: null,
      refKind: 'branch',
      commit: commitOf(7),
      builtCommit: commitOf(7),
      event: 'individualCI',
      state: 'success',
      outcome: 'succeeded',
      headRepositoryId: REPOSITORY_ID,
      origin: 'own',
      mayPush: true,
      url: 'https://dev.azure.com/acme/1/_build/results?buildId=7',
      position: 7,
      tie: '',
      createdAt: Date.parse(timeOf(7)),
      startedAt: Date.parse(timeOf(7.1)),
      updatedAt: Date.parse(timeOf(7.5)),
      committedAt: null,
    });
  });

  it.each([
    ['completed', 'succeeded', 'success', 'succeeded'],
    ['completed', 'partiallySucceeded', 'unsuccessful', 'partiallySucceeded'],
    ['completed', 'failed', 'unsuccessful', 'failed'],
    ['completed', 'canceled', 'unsuccessful', 'canceled'],
    ['completed', 'none', 'unsuccessful', 'none'],
    ['completed', undefined, 'unsuccessful', 'none'],
    ['inProgress', undefined, 'running', 'inProgress'],
    ['cancelling', undefined, 'running', 'cancelling'],
    ['postponed', undefined, 'running', 'postponed'],
    ['notStarted', undefined, 'running', 'notStarted'],
    // While failed stages run again, some servers still show the old result.
    ['inProgress', 'succeeded', 'running', 'inProgress'],
    ['a status of the future', 'succeeded', 'running', 'a status of the future'],
  ])('that is %s with the result %s is %s (%s)', (status, result, state, outcome) => {
    const { result: _, ...build } = createFakeBuild(7, { status });
    const run = parseBuild({ ...build, ...(result && { result }) }, REPOSITORY_ID, SOURCE);
    expect(run).toMatchObject({ state, outcome });
  });

  it.each([
    ['refs/heads/feature/x', { branch: 'feature/x', refKind: 'branch' }],
    ['refs/heads/refs/heads/x', { branch: 'refs/heads/x', refKind: 'branch' }],
    // A tag may have a branch's name.
    ['refs/tags/main', { branch: 'main', refKind: 'tag' }],
    ['main', { branch: null, refKind: 'unknown' }],
    ['$/Project/Main', { branch: null, refKind: 'unknown' }],
    ['', { branch: null, refKind: 'unknown' }],
  ])('of the ref %j', (sourceBranch, expected) => {
    expect(parse({ sourceBranch })).toMatchObject({ ...expected, pullRequest: null });
  });

  it('that waits has no times but that of queueing, whatever .NET writes in place of the others', () => {
    const times = {
      status: 'notStarted',
      startTime: '0001-01-01T00:00:00',
      finishTime: '0001-01-01T00:00:00',
    };
    const queued = Date.parse(timeOf(7));
    expect(parse(times)).toMatchObject({ createdAt: queued, startedAt: queued, updatedAt: queued });
  });

  it('keeps its place when its stages are run again, which is another attempt', () => {
    const first = parse();
    const again = parse({ finishTime: timeOf(100) });
    expect(again).toMatchObject({ id: '7', position: 7, createdAt: first.createdAt });
    expect(first.attempt).toBeGreaterThan(1);
    expect(again.attempt).toBeGreaterThan(first.attempt);
    expect(again.updatedAt).toBe(Date.parse(timeOf(100)));
  });

  it('of a pipeline whose name is a number does not pass for the pipeline with that id', () => {
    expect(parse({ definition: { id: 99, name: '12', path: '\\' } })).toMatchObject({
      workflow: '\\12',
      workflowId: '99',
    });
  });

  it('has no link unless it is one', () => {
    expect(parse({ _links: { web: { href: 'javascript:alert(1)' } } }).url).toBe('');
  });
});

describe("a pull request's build", () => {
  it('names the head, and as the commit that was built the merge', () => {
    expect(parse(pullRequestParts('42', HEAD, 'False'))).toMatchObject({
      branch: null,
      pullRequest: '42',
      refKind: 'pull_request',
      commit: HEAD,
      builtCommit: commitOf(7),
      event: 'pullRequest',
      origin: 'own',
      headRepositoryId: REPOSITORY_ID,
    });
  });

  it('of a fork is foreign, by a text', () => {
    expect(parse(pullRequestParts('42', HEAD, 'True'))).toMatchObject({
      origin: 'foreign',
      headRepositoryId: null,
    });
  });

  it('is not our own because the source repository has our address: that is always the target', () => {
    const { triggerInfo: _, ...parts } = pullRequestParts('42', HEAD, 'False');
    expect(parts.parameters).toContain('front%20end');
    expect(parse({ ...parts, triggerInfo: {} }).origin).toBe('unknown');
  });

  it.each(['yes', '', 'Falsch'])('is not our own if pr.isFork is %j', (isFork) => {
    const parts = pullRequestParts('42', HEAD);
    expect(parse({ ...parts, triggerInfo: { 'pr.isFork': isFork } }).origin).toBe('unknown');
  });

  it('takes the head from triggerInfo, where a server has it there', () => {
    const { parameters: _, ...parts } = pullRequestParts('42', HEAD, 'False');
    const triggerInfo = { ...parts.triggerInfo, 'pr.sourceSha': HEAD };
    expect(parse({ ...parts, triggerInfo }).commit).toBe(HEAD);
  });

  it('that someone queued by hand for the merge is one, too, and not proven to be our own', () => {
    expect(parse({ ...pullRequestParts('42', HEAD), reason: 'manual' })).toMatchObject({
      pullRequest: '42',
      commit: HEAD,
      event: 'manual',
      origin: 'unknown',
    });
  });

  it.each(['not JSON', '[]', '{"system.pullRequest.sourceCommitId":"HEAD"}', '{}'])(
    'whose head is not told is not guessed (parameters: %s)',
    (parameters) => {
      const build = createFakeBuild(7, { ...pullRequestParts('42', HEAD, 'False'), parameters });
      expect(() => parseBuild(build, REPOSITORY_ID, SOURCE)).toThrow('without its head commit');
      const unread = { id: '7', branch: '', commit: commitOf(7), position: 7, problem: 'no head commit' };
      expect(parsePage(build)).toMatchObject({ runs: [], unread: [unread] });
    },
  );

  it('whose head is not told does not make the other builds unreadable, however many there are', () => {
    const builds = Array.from({ length: 50 }, (_, i) => {
      const { parameters: __, ...parts } = pullRequestParts('42', HEAD, 'False');
      return createFakeBuild(100 - i, i === 0 ? {} : parts);
    });
    const { runs, unread } = parsePage(...builds);
    expect([runs.length, unread.length]).toEqual([1, 49]);
  });
});

describe('a build that another repository triggered', () => {
  it.each([
    ['a push', { triggerInfo: { 'ci.triggerRepository': OTHER_REPOSITORY_ID } }],
    ['a push to GitHub', { triggerInfo: { 'ci.triggerRepository': 'acme/library' } }],
    [
      'a pull request',
      {
        ...pullRequestParts('42', HEAD, 'False'),
        triggerInfo: { 'pr.isFork': 'False', 'pr.triggerRepository': OTHER_REPOSITORY_ID },
      },
    ],
  ])('by %s names a branch and a commit of that repository', (_name, changes) => {
    expect(parse(changes)).toMatchObject({ branch: null, pullRequest: null, origin: 'foreign' });
  });

  it('is not one because the id is written in capitals', () => {
    const triggerInfo = { 'ci.triggerRepository': REPOSITORY_ID.toUpperCase() };
    expect(parse({ triggerInfo })).toMatchObject({ branch: 'main', origin: 'own' });
  });
});

describe('a page', () => {
  it('leaves builds of other repositories out, if a server ignores the filter', () => {
    const others = [
      createFakeBuild(9, { repository: { id: OTHER_REPOSITORY_ID, type: 'TfsGit' } }),
      createFakeBuild(8, { repository: { id: 'acme/front', type: 'GitHub' } }),
    ];
    const { runs, unread } = parsePage(...others, createFakeBuild(7));
    expect([runs.map(({ id }) => id), unread]).toEqual([['7'], []]);
  });

  it.each([
    ['has no commit yet', { sourceVersion: null, status: 'notStarted' }, { branch: 'main', commit: null }],
    ['is of a changeset', { sourceVersion: 'C123', sourceBranch: '$/x' }, { branch: '', commit: null }],
    ['has no reason', { reason: 5 as unknown as string }, { branch: 'main', commit: commitOf(8) }],
  ])('keeps the place of a build that %s', (_name, changes, expected) => {
    const { runs, unread } = parsePage(createFakeBuild(8, changes), createFakeBuild(7));
    expect(runs).toHaveLength(1);
    expect(unread).toMatchObject([{ id: '8', position: 8, createdAt: Date.parse(timeOf(8)), ...expected }]);
  });

  it('leaves a deleted build out, which is gone as a single one', () => {
    const deleted = createFakeBuild(7, { deleted: true });
    expect(parsePage(deleted)).toEqual({ runs: [], unread: [] });
    expect(parseBuild(deleted, REPOSITORY_ID, SOURCE)).toBe('gone');
  });

  it.each(['canceled', 'failed'])('leaves out a build that %s before it had a commit', (result) => {
    const build = createFakeBuild(8, { sourceVersion: null, result });
    expect(parsePage(build)).toEqual({ runs: [], unread: [] });
    expect(parseBuild(build, REPOSITORY_ID, SOURCE)).toBe('gone');
  });

  it.each([null, [], 'x', { count: 0 }, { value: {} }, { count: 2, value: [] }])(
    'is refused if it is %j',
    (value) => {
      expect(() => parseBuildPage(value, REPOSITORY_ID, SOURCE)).toThrow('dev.azure.com answered with');
    },
  );
});
