/** What Buildkite's API does that would make a wrong answer. */
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { buildkite } from '../../../../src/ci/buildkite/kind.ts';
import type { RunPage } from '../../../../src/ci/provider.ts';
import {
  createBuild,
  FORK_HEAD,
  isoTime,
  NOW,
  OWN_HEAD,
  PIPELINE,
  REPOSITORY,
  TOKEN,
} from '../../../fixtures/buildkite/builds.ts';
import {
  createBuildkiteServer,
  type BuildkiteServer,
  type FakeBuild,
} from '../../../fixtures/buildkite/server.ts';
import { connectKind, failureOf } from '../../../fixtures/connect-kind.ts';

let server: BuildkiteServer;
let now = NOW;

beforeEach(async () => {
  now = NOW;
  server = await createBuildkiteServer(TOKEN, { now: () => now });
  onTestFinished(async () => {
    await server.close();
    server.verify();
  });
});

function connect() {
  return connectKind('buildkite', buildkite, { url: server.url, token: TOKEN, now: () => now });
}

/** @param builds newest first */
function serve(builds: FakeBuild[], pipeline: string = PIPELINE): void {
  server.pipelines.set(pipeline, { repository: REPOSITORY, builds });
}

async function list(ciRepository: string = PIPELINE, cursor?: string, ports = connect()): Promise<RunPage> {
  const page = await ports.provider.fetchRuns(ciRepository, cursor);
  if (page === 'unchanged') throw new Error('there are no validators');
  return page;
}

function ofPullRequest(repository: string, id = '7') {
  return { pull_request: { id, base: 'main', repository } };
}

function sent(): string[] {
  return server.requests.map(({ url }) => url);
}

function countLookUps(): number {
  return sent().filter((url) => url === '/v2/organizations/acme/pipelines/shop').length;
}

describe('a build that waits at a block step', () => {
  it('keeps the state "passed", but is blocked and not green', async () => {
    serve([createBuild(1, { blocked: true })]);
    expect((await list()).runs).toMatchObject([{ state: 'blocked', outcome: 'blocked' }]);
  });

  it('is running while other jobs are, and unsuccessful if one has failed', async () => {
    serve([
      createBuild(2, { blocked: true, state: 'running', finished_at: null }),
      createBuild(1, { blocked: true, state: 'failed' }),
    ]);
    expect((await list()).runs).toMatchObject([{ state: 'running' }, { state: 'unsuccessful' }]);
  });

  it('may have pushed until now, if it has no end', async () => {
    now = NOW + 3_600_000;
    serve([createBuild(1, { blocked: true, finished_at: null })]);
    expect((await list()).runs).toMatchObject([{ updatedAt: now }]);
  });
});

describe('the states of a build', () => {
  it.each([
    ['creating', 'running'],
    ['scheduled', 'running'],
    ['running', 'running'],
    ['failing', 'running'],
    ['canceling', 'running'],
    ['waiting', 'running'],
    ['failed', 'unsuccessful'],
    ['canceled', 'unsuccessful'],
    ['waiting_failed', 'unsuccessful'],
    ['skipped', 'skipped'],
    ['not_run', 'skipped'],
    ['passed', 'success'],
  ])('%s is %s', async (state, expected) => {
    serve([createBuild(1, { state })]);
    expect((await list()).runs).toMatchObject([{ state: expected, outcome: state }]);
  });

  it('that are new are never green: without an end, the build is followed', async () => {
    serve([createBuild(2, { state: 'dreaming', finished_at: null }), createBuild(1, { state: 'dreamt' })]);
    expect((await list()).runs).toMatchObject([{ state: 'running' }, { state: 'unsuccessful' }]);
  });
});

describe('the commit "HEAD"', () => {
  it('makes a build unreadable until an agent has resolved it, and keeps its place and id', async () => {
    serve([createBuild(2, { commit: 'HEAD', state: 'running', finished_at: null }), createBuild(1)]);
    const { runs, unread } = await list();
    expect(runs).toMatchObject([{ id: 'acme/shop#1' }]);
    expect(unread).toMatchObject([
      { id: 'acme/shop#2', branch: 'main', position: NOW + 120_000, problem: 'a field commit' },
    ]);
  });

  it('hides a build that has passed, which may be the newest green one', async () => {
    serve([createBuild(1, { commit: 'HEAD' })]);
    expect((await list()).unread).toHaveLength(1);
  });

  it('of builds that never ran is no sign of another format, however many there are', async () => {
    const skipped = Array.from({ length: 99 }, (_, i) =>
      createBuild(200 - i, { commit: 'HEAD', state: 'skipped', started_at: null }),
    );
    serve([...skipped, createBuild(1)]);
    const ports = connect();
    expect(await list(PIPELINE, undefined, ports)).toMatchObject({ runs: [{ number: '1' }], unread: [] });
    expect(ports.skipped).toEqual([]);
  });

  it('on a whole page does not end the list', async () => {
    const skipped = Array.from({ length: 100 }, (_, i) =>
      createBuild(200 - i, { commit: 'HEAD', state: 'canceled' }),
    );
    serve([...skipped, createBuild(1)]);
    const { runs, next } = await list();
    expect(runs).toEqual([]);
    const second = await list(PIPELINE, next);
    expect(second).toMatchObject({ runs: [{ number: '1' }] });
    expect(second.next).toBeUndefined();
  });
});

describe("a pull request's build", () => {
  it("of a fork's branch with the name of one of ours is foreign", async () => {
    serve([createBuild(2, ofPullRequest(FORK_HEAD)), createBuild(1, ofPullRequest(OWN_HEAD))]);
    expect((await list()).runs).toMatchObject([
      { branch: 'main', origin: 'foreign', pullRequest: '7', headRepositoryId: 'github.com/stranger/shop' },
      { branch: 'main', origin: 'own', pullRequest: null },
    ]);
  });

  it('of an unnamed repository has an unknown origin', async () => {
    serve([createBuild(1, ofPullRequest(''))]);
    expect((await list()).runs).toMatchObject([{ origin: 'unknown', pullRequest: '7' }]);
    expect(sent()).toHaveLength(1);
  });

  it.each([
    'https://github.com/Acme/Shop',
    'https://user@github.com/acme/shop.git/',
    'ssh://git@github.com:22/acme/shop.git',
    'git@github.com:acme/shop.git',
    'git://github.com/acme/shop',
  ])('is our own for the repository %s', async (repository) => {
    serve([createBuild(1, ofPullRequest(repository))]);
    expect((await list()).runs).toMatchObject([{ origin: 'own' }]);
  });

  it.each(['git://gitlab.com/acme/shop.git', 'git://github.com/acme/shop-2', 'git://github.com/x/acme/shop'])(
    'is foreign for the repository %s',
    async (repository) => {
      serve([createBuild(1, ofPullRequest(repository))]);
      expect((await list()).runs).toMatchObject([{ origin: 'foreign' }]);
    },
  );

  it("asks for the pipeline's repository once, and again after some minutes", async () => {
    serve([createBuild(1, ofPullRequest(OWN_HEAD))]);
    const ports = connect();
    for (let calls = 0; calls < 3; calls++) await list(PIPELINE, undefined, ports);
    expect(countLookUps()).toBe(1);
    now += 600_000;
    await list(PIPELINE, undefined, ports);
    expect(countLookUps()).toBe(2);
  });

  it('names the scope that the look-up needs', async () => {
    server.scopes.delete('read_pipelines');
    serve([createBuild(1, ofPullRequest(OWN_HEAD))]);
    expect(await failureOf(list())).toMatchObject({
      kind: 'denied',
      message: expect.stringContaining('it needs "read_pipelines"'),
    });
  });

  it('does not exist where the object is empty, as in the documentation', async () => {
    serve([{ ...createBuild(1), pull_request: {} as never }]);
    expect((await list()).runs).toMatchObject([{ origin: 'own', pullRequest: null }]);
  });
});

describe('a tag', () => {
  it("is told from a branch of its name by the build's tag", async () => {
    serve([createBuild(2, { branch: 'v1', tag: 'v1' }), createBuild(1, { branch: 'v1' })]);
    expect((await list()).runs).toMatchObject([{ refKind: 'tag' }, { refKind: 'unknown' }]);
  });
});

describe("a branch's list", () => {
  it('reads no wildcard in a name', async () => {
    serve([createBuild(2, { branch: 'feature-2' }), createBuild(1, { branch: 'f*' })]);
    const { runs } = await connect().provider.fetchBranchRuns(PIPELINE, 'f*');
    expect(runs).toMatchObject([{ branch: 'f*' }]);
  });
});

describe('a retried job', () => {
  it('shows at once, although the build has no end any more', async () => {
    const build = createBuild(1);
    serve([build]);
    const { provider } = connect();
    // The later answer counts, since the time of change goes back.
    expect(provider.datesChanges).toBe(false);
    await list(PIPELINE, undefined, { provider } as never);
    serve([{ ...build, state: 'running', finished_at: null }]);
    expect(await provider.fetchRun(PIPELINE, 'acme/shop#1')).toMatchObject({ state: 'running' });
    serve([{ ...build, finished_at: isoTime(NOW + 3_600_000) }]);
    expect(await provider.fetchRun(PIPELINE, 'acme/shop#1')).toMatchObject({
      state: 'success',
      updatedAt: NOW + 3_600_000,
    });
  });
});

describe('a rebuild', () => {
  it('is a build of its own, newer than the one before', async () => {
    const commit = 'c'.repeat(40);
    serve([createBuild(2, { commit }), createBuild(1, { commit, state: 'failed' })]);
    expect((await list()).runs).toMatchObject([
      { id: 'acme/shop#2', position: NOW + 120_000, attempt: 1 },
      { id: 'acme/shop#1', position: NOW + 60_000, attempt: 1 },
    ]);
  });
});

describe('paging', () => {
  it('loses and repeats no build of the second at which a page ends', async () => {
    const builds = Array.from({ length: 150 }, (_, i) =>
      createBuild(i + 1, { created_at: isoTime(NOW + Math.floor(i / 30) * 1000 + (i % 30)) }),
    );
    serve(builds);
    const first = await list();
    const second = await list(PIPELINE, first.next);
    const numbers = [...first.runs, ...second.runs].map(({ number }) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 150 }, (_, i) => 150 - i));
    expect(second.next).toBeUndefined();
  });

  it('fails rather than read the same page for ever', async () => {
    serve(Array.from({ length: 150 }, (_, i) => createBuild(i + 1, { created_at: isoTime(NOW + i) })));
    const { next } = await list();
    expect(await failureOf(list(PIPELINE, next))).toMatchObject({ kind: 'malformed' });
  });

  it('goes on where a full page has no link', async () => {
    serve(Array.from({ length: 101 }, (_, i) => createBuild(i + 1)));
    server.fault({ kind: 'alter', headers: { link: '' } });
    const { next } = await list();
    expect((await list(PIPELINE, next)).runs).toHaveLength(1);
  });
});

describe('several pipelines', () => {
  const BOTH = 'acme/front acme/back';

  it('are one list, newest first, whose runs name their pipelines', async () => {
    serve([createBuild(5), createBuild(1)], 'acme/front');
    serve([createBuild(3)], 'acme/back');
    expect((await list(BOTH)).runs).toMatchObject([
      { id: 'acme/front#5', workflow: 'acme/front' },
      { id: 'acme/back#3', workflow: 'acme/back' },
      { id: 'acme/front#1' },
    ]);
  });

  it('have pages without gaps, although one has many more builds', async () => {
    serve(
      Array.from({ length: 250 }, (_, i) => createBuild(i + 1)),
      'acme/front',
    );
    serve([createBuild(240), createBuild(120), createBuild(2)], 'acme/back');
    const ids: string[] = [];
    const positions: number[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await list(BOTH, cursor);
      ids.push(...page.runs.map(({ id }) => id));
      positions.push(...page.runs.map(({ position }) => position));
      cursor = page.next;
    }
    expect(new Set(ids).size).toBe(253);
    expect(ids).toHaveLength(253);
    expect(positions).toEqual(positions.toSorted((a, b) => b - a));
  });

  it('fail together: half of the builds would be a wrong answer', async () => {
    serve([createBuild(1)], 'acme/front');
    expect(await failureOf(list(BOTH))).toMatchObject({
      kind: 'not_found',
      message: expect.stringContaining('the builds of pipeline acme/back'),
    });
  });

  it('share one listing, whatever their order', () => {
    const { provider } = connect();
    expect(provider.repositoryKey('acme/front acme/back')).toBe(
      provider.repositoryKey('acme/back acme/front'),
    );
  });
});

describe('one build', () => {
  it('is read by its number, and never from another pipeline', async () => {
    serve([createBuild(12)]);
    const { provider } = connect();
    expect(await provider.fetchRun(PIPELINE, 'acme/shop#12')).toMatchObject({ number: '12' });
    for (const id of ['acme/other#12', '../x#1', 'nonsense']) {
      expect(await failureOf(provider.fetchRun(PIPELINE, id))).toMatchObject({ kind: 'not_found' });
    }
    expect(sent()).toHaveLength(1);
  });

  it('is gone only if the pipeline can be read', async () => {
    expect(await failureOf(connect().provider.fetchRun(PIPELINE, 'acme/shop#12'))).toMatchObject({
      kind: 'not_found',
    });
  });
});

describe('the quota', () => {
  it('is that of the limit which ends first', async () => {
    serve([]);
    server.limits.organization = 150;
    server.limits.user = 5;
    const ports = connect();
    await list(PIPELINE, undefined, ports);
    expect(ports.quotas).toEqual([[5, 50, NOW + 42_000]]);
    server.limits.organization = 2;
    await list(PIPELINE, undefined, ports);
    expect(ports.quotas.at(-1)).toEqual([2, 200, NOW + 42_000]);
  });

  it('that is used up is waited for as long as its header says', async () => {
    server.fault({
      kind: 'status',
      status: 429,
      headers: { 'ratelimit-remaining': '0', 'ratelimit-limit': '200', 'ratelimit-reset': '17' },
    });
    expect(await failureOf(list())).toMatchObject({ kind: 'rate_limited', retryAfterMs: 17_000 });
  });
});

describe('requests', () => {
  it('leave out jobs and pipelines, and send the token', async () => {
    serve([]);
    await list();
    expect(sent()).toEqual([
      '/v2/organizations/acme/pipelines/shop/builds?per_page=100&exclude_jobs=true&exclude_pipeline=true',
    ]);
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });
});
