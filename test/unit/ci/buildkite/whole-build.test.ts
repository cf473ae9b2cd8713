/** Every field of a run, and words that few builds have. */
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { buildkite } from '../../../../src/ci/buildkite/kind.ts';
import { parseBuilds } from '../../../../src/ci/buildkite/schema.ts';
import { createBuild, NOW, PIPELINE, REPOSITORY, TOKEN } from '../../../fixtures/buildkite/builds.ts';
import { createBuildkiteServer, type BuildkiteServer } from '../../../fixtures/buildkite/server.ts';
import { connectKind } from '../../../fixtures/connect-kind.ts';

const CONTEXT = {
  pipeline: PIPELINE,
  repository: undefined,
  clock: NOW,
  source: { host: 'buildkite.test', api: 'Buildkite' },
};

let server: BuildkiteServer;

beforeEach(async () => {
  server = await createBuildkiteServer(TOKEN, { now: () => NOW });
  onTestFinished(async () => {
    await server.close();
    server.verify();
  });
});

function connect() {
  return connectKind('buildkite', buildkite, { url: server.url, token: TOKEN, now: () => NOW }).provider;
}

describe('a build', () => {
  it('is a run with all of these fields', () => {
    const element = { ...createBuild(7), web_url: 'https://buildkite.com/acme/shop/builds/7' };
    expect(parseBuilds([element], CONTEXT)).toEqual({
      runs: [
        {
          id: 'acme/shop#7',
          number: '7',
          attempt: 1,
          workflow: 'acme/shop',
          workflowId: 'acme/shop',
          branch: 'main',
          pullRequest: null,
          refKind: 'unknown',
          commit: '7'.padStart(40, '0'),
          builtCommit: '7'.padStart(40, '0'),
          event: 'webhook',
          state: 'success',
          outcome: 'passed',
          headRepositoryId: 'acme/shop',
          origin: 'own',
          mayPush: true,
          url: 'https://buildkite.com/acme/shop/builds/7',
          position: NOW + 420_000,
          tie: 'acme/shop 00000000000000000007',
          createdAt: NOW + 420_000,
          startedAt: NOW + 421_000,
          updatedAt: NOW + 450_000,
          committedAt: null,
        },
      ],
      unread: [],
      oldest: NOW + 420_000,
    });
  });

  it('that has not started has the time of its creation, and without a branch it has none', () => {
    const waiting = createBuild(7, { state: 'scheduled', branch: '', started_at: null, finished_at: null });
    expect(parseBuilds([waiting], CONTEXT).runs).toMatchObject([
      { branch: null, startedAt: NOW + 420_000, updatedAt: NOW + 420_000 },
    ]);
  });

  it('of a tag is no build of the branch of that name', () => {
    const tagged = createBuild(7, { branch: 'v1', tag: 'v1' });
    expect(parseBuilds([tagged], CONTEXT).runs).toMatchObject([{ branch: 'v1', refKind: 'tag' }]);
  });

  it('may have the state "blocked" itself, as the filter of lists names it', () => {
    const blocked = createBuild(7, { state: 'blocked' });
    expect(parseBuilds([blocked], CONTEXT).runs).toMatchObject([{ state: 'blocked', outcome: 'blocked' }]);
  });
});

function readFrom(own: string | undefined, repository: string) {
  const element = createBuild(7, { pull_request: { id: '9', base: 'main', repository } });
  return parseBuilds([element], { ...CONTEXT, repository: own }).runs[0];
}

describe("a pull request's build", () => {
  it.each([
    ['git@github.com:acme/shop.git', 'git://github.com/acme/shop.git', 'own', null],
    ['git@github.com:acme/shop.git', 'git://github.com/stranger/shop.git', 'foreign', '9'],
    // Only the record of the pull request can say.
    ['git@github.com:acme/shop.git', 'shop', 'unknown', '9'],
    [undefined, 'git://github.com/stranger/shop.git', 'unknown', '9'],
  ])('of a pipeline of %s, from %s, is %s', (own, repository, origin, pullRequest) => {
    expect(readFrom(own, repository)).toMatchObject({ origin, pullRequest });
  });
});

describe('an odd build', () => {
  it('keeps its place among equals', () => {
    const odd = { ...createBuild(7), commit: 'unknown' };
    expect(parseBuilds([odd], CONTEXT).unread).toMatchObject([
      { id: 'acme/shop#7', tie: 'acme/shop 00000000000000000007', position: NOW + 420_000 },
    ]);
  });
});

describe('the probe', () => {
  it('says whether any of the pipelines has builds', async () => {
    server.pipelines.set(PIPELINE, { repository: REPOSITORY, builds: [] });
    server.pipelines.set('acme/back', { repository: REPOSITORY, builds: [] });
    expect(await connect().probe('acme/shop acme/back')).toBe('sees no builds of acme/shop acme/back yet');
    server.pipelines.set('acme/back', { repository: REPOSITORY, builds: [createBuild(1)] });
    expect(await connect().probe('acme/shop acme/back')).toBe('sees the builds of acme/shop acme/back');
  });
});
