import { describe, expect, it } from 'vitest';
import { parsePipelines } from '../../../../src/ci/woodpecker/schema.ts';
import { createPipeline, START } from '../../../fixtures/woodpecker/data.ts';
import type { WoodpeckerPipeline } from '../../../fixtures/woodpecker/server.ts';

const CONTEXT = { repositoryId: '11', webUrl: 'https://woodpecker.example.com/repos/11/pipeline' };
const SOURCE = { host: 'woodpecker.example.com', api: 'Woodpecker' };

function parse(changes: Partial<WoodpeckerPipeline>) {
  const { runs } = parsePipelines([createPipeline({ number: 42, ...changes })], CONTEXT, SOURCE);
  const [run] = runs;
  if (run === undefined) throw new Error('expected a run');
  return run;
}

const PULL_REQUEST = {
  event: 'pull_request',
  branch: 'main',
  ref: 'refs/pull/7/head',
  refspec: 'feature:main',
};

describe('the branch', () => {
  it('is not the target branch that a pull request names', () => {
    expect(parse(PULL_REQUEST)).toMatchObject({
      branch: null,
      pullRequest: '7',
      refKind: 'pull_request',
    });
  });

  it.each([
    ['GitHub', 'refs/pull/7/head'],
    ['GitHub, merged', 'refs/pull/7/merge'],
    ['GitLab', 'refs/merge-requests/7/head'],
    ['Bitbucket', 'refs/pull-requests/7/from'],
  ])("is none in a pull request's run on %s, which names the number", (_forge, ref) => {
    expect(parse({ ...PULL_REQUEST, ref })).toMatchObject({ branch: null, pullRequest: '7' });
  });

  it.each(['tag', 'release'])('of the event %s is a tag, although it has the name of a branch', (event) => {
    expect(parse({ event, branch: 'main', ref: 'refs/tags/main' })).toMatchObject({
      branch: 'main',
      refKind: 'tag',
    });
  });
});

describe('the origin of a pull request', () => {
  it.each([
    ['the server says that it is a fork', { from_fork: true as const }, 'foreign'],
    ['the server that created it records forks, and says no', {}, 'own'],
    ['the server that created it may not record forks yet', { version: '' }, 'unknown'],
    ['it restarts a pipeline of an unknown version', { parent: 41, rerun_count: 1 }, 'unknown'],
    ['anyone may push its head, as AGit does', { refspec: 'refs/pull/7/head:main' }, 'unknown'],
    ['the head is not named', { refspec: '' }, 'unknown'],
  ])('if %s', (_case, changes, origin) => {
    expect(parse({ ...PULL_REQUEST, ...changes }).origin).toBe(origin);
  });

  it('of a fork names one repository for all its runs', () => {
    const run = parse({ ...PULL_REQUEST, from_fork: true });
    const again = parse({ ...PULL_REQUEST, from_fork: true, number: 43 });
    expect(run.headRepositoryId).toBe(again.headRepositoryId);
    expect(run.headRepositoryId).not.toBe('11');
  });
});

describe('the state', () => {
  it.each([
    ['created', 'running'],
    ['pending', 'running'],
    ['running', 'running'],
    ['blocked', 'blocked'],
    ['success', 'success'],
    ['failure', 'unsuccessful'],
    ['error', 'unsuccessful'],
    ['killed', 'unsuccessful'],
    ['canceled', 'unsuccessful'],
    ['declined', 'unsuccessful'],
    ['skipped', 'skipped'],
    ['a state of a later version', 'unsuccessful'],
  ])('%s is %s, in the word of Woodpecker', (status, state) => {
    expect(parse({ status })).toMatchObject({ state, outcome: status });
  });

  it("never seems to go back, although agents' clocks are behind", () => {
    const running = parse({ status: 'running', updated: START + 9000, finished: 0 });
    const over = parse({ status: 'success', updated: START + 9005, finished: START + 8000 });
    expect(over.updatedAt).toBeGreaterThan(running.updatedAt);
  });
});

describe('the built commit', () => {
  it('is not known if GitHub merged the pull request with its base', () => {
    expect(parse({ ...PULL_REQUEST, ref: 'refs/pull/7/merge' }).builtCommit).toBeNull();
    expect(parse(PULL_REQUEST).builtCommit).toBe(parse(PULL_REQUEST).commit);
  });
});

describe('a restart', () => {
  it('is a run of its own, newer than the first', () => {
    const first = parse({ status: 'failure' });
    const second = parse({ number: 43, parent: 42, rerun_count: 1, commit: first.commit });
    expect(second.id).not.toBe(first.id);
    expect(second.position).toBeGreaterThan(first.position);
    expect(second).toMatchObject({ commit: first.commit, attempt: 1 });
  });
});

describe('an odd pipeline', () => {
  it('is skipped and keeps its number, its branch and its time', () => {
    const odd = createPipeline({ number: 42, commit: 'unknown' });
    const { runs, unread } = parsePipelines([odd, createPipeline({ number: 41 })], CONTEXT, SOURCE);
    expect(runs).toMatchObject([{ number: '41' }]);
    expect(unread).toMatchObject([{ id: '42', branch: 'main', position: 42, problem: 'a field commit' }]);
    expect(unread[0]?.createdAt).toBe(odd.created * 1000);
  });

  it('of a pull request may be of any branch', () => {
    const odd = createPipeline({ number: 42, commit: '', ...PULL_REQUEST });
    expect(parsePipelines([odd], CONTEXT, SOURCE).unread).toMatchObject([{ branch: null }]);
  });

  it('without anything readable has nothing', () => {
    expect(parsePipelines([null], CONTEXT, SOURCE).unread).toMatchObject([{ id: null, position: null }]);
  });
});
