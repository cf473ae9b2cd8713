import { describe, expect, test } from 'vitest';
import { COMPLETE } from '../../../src/resolve/coverage.ts';
import type { PullRequestHead } from '../../../src/resolve/ports.ts';
import { resolveOrigin } from '../../../src/resolve/resolve-origin.ts';
import { selectBuilds } from '../../../src/resolve/select-builds.ts';
import { selectOrigin, selectOriginOfPullRequest } from '../../../src/resolve/select-origin.ts';
import {
  createProject,
  createPullRequestHead,
  createRequest,
  createRun,
  sha,
} from '../../fixtures/builders.ts';

const run = createRun({ id: '9', origin: 'unknown', pullRequest: '5', headRepositoryId: null });
const request = createRequest({ number: '5', headSha: sha('9') });

const source = (head: PullRequestHead) => ({ readPullRequest: () => Promise.resolve(head) });

describe('a run of unknown origin', () => {
  test('never counts as our own', () => {
    expect(selectOrigin([run], createRequest({ headSha: sha('9') }))).toMatchObject({
      kind: 'excluded',
      certain: false,
    });
    expect(selectBuilds([run], createRequest(), { kind: 'own' })).toMatchObject({
      builds: [],
      ignored: new Map([['of unknown origin', 1]]),
    });
  });

  test('does not count for a fork, even if it names the repository', () => {
    const named = createRun({ id: '9', origin: 'unknown', headRepositoryId: '35' });
    const forking = createRequest({ headSha: sha('9'), project: createProject({ forks: true }) });
    expect(selectOrigin([named], forking)).toMatchObject({
      kind: 'excluded',
      certain: false,
      reason: expect.stringContaining('CI does not say'),
    });
  });

  test('needs the pull request’s record', () => {
    expect(selectOrigin([run], request)).toMatchObject({ kind: 'needsLookup', number: '5' });
    expect(selectOrigin([run], createRequest({ number: '5' }))).toMatchObject({ kind: 'needsLookup' });
  });

  test('beside a run of our own needs the record, too, unless it is another pull request’s', () => {
    const own = createRun({ id: '8', commit: sha('9') });
    expect(selectOrigin([own, run], request)).toEqual({
      kind: 'needsLookup',
      number: '5',
      fallback: { kind: 'own' },
    });
    const other = createRun({ id: '10', origin: 'unknown', pullRequest: '6' });
    expect(selectOrigin([own, other], request)).toEqual({ kind: 'own' });
    expect(selectOrigin([own, run], createRequest({ headSha: sha('9') }))).toEqual({ kind: 'own' });
  });

  test('does not take our own runs of the head away, whatever the record says', async () => {
    const known = {
      kind: 'known',
      runs: [run, createRun({ id: '9' })],
      coverage: COMPLETE,
      asOf: 0,
      standing: () => ({ confirmedAt: 0, pushedBy: 0 }),
    } as const;
    const foreign = createPullRequestHead({ origin: 'foreign' });
    expect(await resolveOrigin(known, request, source(foreign))).toEqual({ kind: 'own' });
    expect(await resolveOrigin(known, request, source(createPullRequestHead()))).toEqual({
      kind: 'own',
      pullRequest: '5',
    });
  });

  test('counts once its own pull request’s record says so', () => {
    const origin = selectOriginOfPullRequest(createPullRequestHead(), request);
    if (origin.kind === 'excluded') throw new Error('expected an origin');
    const others = [
      createRun({ id: '10', origin: 'unknown', pullRequest: '6' }),
      createRun({ id: '11', origin: 'unknown' }),
    ];
    expect(selectBuilds([run, ...others], createRequest(), origin)).toMatchObject({
      builds: [{ build: { id: '9' } }],
      ignored: new Map([['of unknown origin', 2]]),
    });
  });

  test('of a fork counts only with forks: true', () => {
    const head = createPullRequestHead({ origin: 'foreign' });
    expect(selectOriginOfPullRequest(head, request)).toMatchObject({ kind: 'excluded', certain: true });
    const project = createProject({ forks: true });
    const origin = selectOriginOfPullRequest(head, { ...request, project });
    if (origin.kind === 'excluded') throw new Error('expected an origin');
    expect(selectBuilds([run], createRequest({ project }), origin).builds).toMatchObject([
      { build: { id: '9' } },
    ]);
  });
});

test('a repository id of another Git server says nothing about a run', () => {
  const project = createProject({ forks: true, git: 'other' });
  const head = createPullRequestHead({ origin: 'foreign', headRepositoryId: '35' });
  const origin = selectOriginOfPullRequest(head, createRequest({ project, number: '5' }));
  if (origin.kind === 'excluded') throw new Error('expected an origin');
  const unrelated = createRun({ id: '1', origin: 'foreign', headRepositoryId: '35' });
  const named = createRun({ id: '2', origin: 'foreign', headRepositoryId: '36', pullRequest: '5' });
  expect(selectBuilds([unrelated, named], createRequest({ project }), origin)).toMatchObject({
    builds: [{ build: { id: '2' } }],
    ignored: new Map([["not the pull request's fork's", 1]]),
  });
});

test('a run without a workflow is described by its outcome and event', () => {
  const project = createProject({ workflows: [] });
  const one = createRun({ id: '1', workflow: null, workflowId: null });
  expect(selectBuilds([one], createRequest({ project }), { kind: 'own' })).toMatchObject({
    builds: [{ status: 'green', reason: 'success (push)' }],
    workflows: new Set(),
  });
});
