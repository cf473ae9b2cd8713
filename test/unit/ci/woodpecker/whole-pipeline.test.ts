/** Every field of a run, and refs that disagree with their event. */
import { describe, expect, it } from 'vitest';
import { parsePipelines } from '../../../../src/ci/woodpecker/schema.ts';
import { REPOSITORY, serveWoodpecker } from '../../../fixtures/woodpecker/connect.ts';
import { createPipeline, START } from '../../../fixtures/woodpecker/data.ts';
import type { WoodpeckerPipeline } from '../../../fixtures/woodpecker/server.ts';

const CONTEXT = { repositoryId: '11', webUrl: 'https://woodpecker.example.com/repos/11/pipeline' };
const SOURCE = { host: 'woodpecker.example.com', api: 'Woodpecker' };
const CREATED = START + 42 * 60;

function parse(changes: Partial<WoodpeckerPipeline> = {}) {
  return parsePipelines([createPipeline({ number: 42, ...changes })], CONTEXT, SOURCE).runs[0];
}

describe('a push', () => {
  it('is a run with all of these fields', () => {
    expect(parse()).toEqual({
      id: '42',
      number: '42',
      attempt: 1,
      workflow: null,
      workflowId: null,
      branch: 'main',
      pullRequest: null,
      refKind: 'branch',
      commit: '2a'.padStart(40, '0'),
      builtCommit: '2a'.padStart(40, '0'),
      event: 'push',
      state: 'success',
      outcome: 'success',
      headRepositoryId: '11',
      origin: 'own',
      mayPush: true,
      url: 'https://woodpecker.example.com/repos/11/pipeline/42',
      position: 42,
      tie: '00000000000000000042',
      createdAt: CREATED * 1000,
      startedAt: (CREATED + 5) * 1000,
      updatedAt: (CREATED + 40) * 1000,
      committedAt: null,
    });
  });

  it('that waits for an agent has started when it was created', () => {
    const waiting = parse({ status: 'pending', started: 0, updated: 0 });
    expect(waiting).toMatchObject({ startedAt: CREATED * 1000, updatedAt: CREATED * 1000 });
  });
});

describe('the kind of ref', () => {
  it('is a pull request for its event, although the ref does not say which', () => {
    const run = parse({ event: 'pull_request_closed', ref: 'refs/pull/7/head/x' });
    expect(run).toMatchObject({ refKind: 'pull_request', branch: null, pullRequest: null });
  });

  it('is a pull request for its ref, whatever the event', () => {
    const run = parse({ event: 'deployment', ref: 'refs/pull/7/head' });
    expect(run).toMatchObject({ refKind: 'pull_request', branch: null, pullRequest: '7' });
  });

  it('is a tag for its ref, whatever the event', () => {
    const run = parse({ event: 'deployment', branch: 'main', ref: 'refs/tags/v1' });
    expect(run).toMatchObject({ refKind: 'tag', branch: 'v1' });
  });

  it.each(['tag', 'release'])('is a tag for the event %s, although the ref is odd', (event) => {
    expect(parse({ event, branch: 'main', ref: '' })).toMatchObject({ refKind: 'tag', branch: null });
  });
});

describe('the head repository', () => {
  it('is unknown for a pull request of unknown origin, and for a fork without a number', () => {
    const ofUnknown = { event: 'pull_request', ref: 'refs/pull/7/head', version: '' };
    expect(parse(ofUnknown)).toMatchObject({ origin: 'unknown', headRepositoryId: null });
    const ofFork = parse({ event: 'pull_request', ref: '', from_fork: true });
    expect(ofFork).toMatchObject({ origin: 'foreign', headRepositoryId: null });
  });
});

describe('an odd pipeline', () => {
  it('keeps its commit and its place among equals', () => {
    const odd = { ...createPipeline({ number: 42 }), status: '' };
    expect(parsePipelines([odd], CONTEXT, SOURCE).unread).toMatchObject([
      { commit: '2a'.padStart(40, '0'), tie: '00000000000000000042' },
    ]);
  });
});

describe('a page', () => {
  it("has the server's clock", async () => {
    const { provider } = await serveWoodpecker();
    expect(await provider.fetchRuns(REPOSITORY)).toMatchObject({ clock: expect.any(Number) });
  });
});
