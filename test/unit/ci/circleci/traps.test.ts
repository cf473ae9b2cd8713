/** What CircleCI's API does that would make a wrong answer. */
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { circleci } from '../../../../src/ci/circleci/kind.ts';
import { requireNewestFirst } from '../../../../src/ci/elements.ts';
import type { RunPage } from '../../../../src/ci/provider.ts';
import type { Run } from '../../../../src/resolve/types.ts';
import {
  createRun,
  createVcs,
  createWorkflow,
  FORK_URL,
  NOW,
  PROJECT_ID,
  SLUG,
  timeOf,
  TOKEN,
} from '../../../fixtures/circleci/runs.ts';
import {
  createCircleciServer,
  type CircleciServer,
  type FakeRun,
} from '../../../fixtures/circleci/server.ts';
import { connectKind, failureOf } from '../../../fixtures/connect-kind.ts';

const SOURCE = { host: 'circleci.com', api: 'CircleCI' };
const OTHER_ID = 'a0000000-0000-4000-8000-000000000002';
const OPAQUE = 'circleci/43G3kM5RtfFE7v5sa4nWAU/44n9pujWcTnVZ2b5S8Fnat';

let server: CircleciServer;
let now = NOW;

beforeEach(async () => {
  now = NOW;
  server = await createCircleciServer(TOKEN, { now: () => now });
  onTestFinished(async () => {
    await server.close();
    server.verify();
  });
});

function connect() {
  return connectKind('circleci', circleci, { url: server.url, token: TOKEN, now: () => now });
}

/** @param runs newest first */
function serve(runs: FakeRun[], slug: string = SLUG, checkouts: readonly string[] = []): void {
  server.projects.set(slug, { id: slug === 'gh/acme/back' ? OTHER_ID : PROJECT_ID, runs, checkouts });
}

async function list(ciRepository: string = SLUG, cursor?: string, ports = connect()): Promise<RunPage> {
  const page = await ports.provider.fetchRuns(ciRepository, cursor);
  if (page === 'unchanged') throw new Error('there are no validators');
  return page;
}

function ofVcs(number: number, changes: object, rest: Partial<FakeRun> = {}): FakeRun {
  return createRun(number, { event: { type: 'push', vcs: createVcs(number, changes) }, ...rest });
}

/** Paths of the requests, without their query. */
function sent(): string[] {
  return server.requests.map(({ method, url }) => `${method} ${url.replace(/\?.*/, '')}`);
}

function searches() {
  return server.requests.flatMap(({ body }) =>
    body === '' ? [] : [JSON.parse(body) as Record<string, unknown>],
  );
}

function countCalls(call: string): number {
  return sent().filter((each) => each === call).length;
}

describe('the state of a run', () => {
  it.each([
    ['succeeded', 'success'],
    ['failed', 'unsuccessful'],
    ['canceled', 'unsuccessful'],
    ['errored', 'unsuccessful'],
    ['unauthorized', 'unsuccessful'],
    ['not_run', 'skipped'],
    ['something_new', 'unsuccessful'],
  ])('that has ended as %s is %s', async (outcome, state) => {
    serve([createRun(1, { current_outcome: outcome })]);
    expect((await list()).runs).toMatchObject([{ state, outcome }]);
  });

  it.each(['created', 'queued', 'started', 'something_new'])('in the phase %s is running', async (phase) => {
    serve([createRun(1, { phase })]);
    expect((await list()).runs).toMatchObject([{ state: 'running', outcome: phase }]);
  });

  it('is running while an approval is pending, whatever has succeeded so far', async () => {
    serve([createRun(1, { phase: 'started', current_outcome: 'succeeded' })]);
    expect((await list()).runs).toMatchObject([{ state: 'running' }]);
  });

  it('is not green while a newer workflow of one name has not succeeded', async () => {
    const workflows = [createWorkflow(1), createWorkflow(3, { outcome: 'failed' })];
    serve([createRun(1, { workflows })]);
    expect((await list()).runs).toMatchObject([{ state: 'unsuccessful', attempt: 2 }]);
  });

  it('is not made green by workflows, for example by a setup workflow whose continuation failed', async () => {
    serve([createRun(1, { current_outcome: 'errored', workflows: [createWorkflow(1, { name: 'setup' })] })]);
    expect((await list()).runs).toMatchObject([{ state: 'unsuccessful', outcome: 'errored' }]);
  });
});

describe('the end of a run', () => {
  it('is that of its last workflow, over all pages of them', async () => {
    const ends = [5, 90, 7].map((end, i) => createWorkflow(1, { name: `w${i}`, ended_at: timeOf(end) }));
    serve([createRun(1, { workflows: ends })]);
    expect((await list()).runs).toMatchObject([{ updatedAt: Date.parse(timeOf(90)), attempt: 1 }]);
    expect(countCalls('GET /api/v3/workflows')).toBe(2);
  });

  it('costs one call for each run that has ended, and none for those that run or never ran', async () => {
    serve([
      createRun(3, { phase: 'started' }),
      createRun(2, { current_outcome: 'not_run', workflows: [] }),
      createRun(1),
    ]);
    const ports = connect();
    for (let refreshes = 0; refreshes < 3; refreshes++) await list(SLUG, undefined, ports);
    expect(countCalls('GET /api/v3/workflows')).toBe(1);
  });

  it('that cannot be read hides this run only', async () => {
    const odd = createRun(2);
    serve([odd, createRun(1)]);
    server.withoutWorkflows.add(odd.id);
    const { runs, unread } = await list();
    expect(runs).toMatchObject([{ number: '1' }]);
    expect(unread).toMatchObject([{ id: odd.id, branch: 'main', problem: 'workflows' }]);
  });

  it('that fails for a while fails the list', async () => {
    serve([createRun(1)]);
    server.fault({ kind: 'status', status: 503 }, { path: /workflows/ });
    expect(await failureOf(list())).toMatchObject({ kind: 'unavailable' });
  });
});

describe('a run that has succeeded', () => {
  it('is not green while none of its workflows is listed, and is asked about again', async () => {
    const ports = connect();
    const run = createRun(1, { workflows: [] });
    serve([run]);
    expect((await list(SLUG, undefined, ports)).runs).toMatchObject([{ state: 'unsuccessful' }]);
    serve([{ ...run, workflows: [createWorkflow(1)] }]);
    expect((await list(SLUG, undefined, ports)).runs).toMatchObject([{ state: 'success' }]);
  });

  it('is not green if one of two workflows that were created at the same time has failed', async () => {
    const workflows = [createWorkflow(1), createWorkflow(1, { outcome: 'failed' })];
    serve([createRun(1, { workflows })]);
    expect((await list()).runs).toMatchObject([{ state: 'unsuccessful' }]);
  });
});

describe('a re-run', () => {
  it('is a new workflow of the same run: it turns an old red run green, as its next attempt', async () => {
    const red = createRun(1, {
      current_outcome: 'failed',
      workflows: [createWorkflow(1, { outcome: 'failed' })],
    });
    serve([red]);
    const ports = connect();
    expect((await list(SLUG, undefined, ports)).runs).toMatchObject([{ state: 'unsuccessful', attempt: 1 }]);
    serve([{ ...red, current_outcome: 'succeeded', workflows: [...red.workflows, createWorkflow(60)] }]);
    expect((await list(SLUG, undefined, ports)).runs).toMatchObject([
      {
        id: red.id,
        state: 'success',
        attempt: 2,
        position: Date.parse(timeOf(1)),
        startedAt: Date.parse(timeOf(60)),
        updatedAt: Date.parse(timeOf(65)),
      },
    ]);
  });

  it('that goes on is no older state than the one before it', async () => {
    const green = createRun(1, { workflows: [createWorkflow(1), createWorkflow(2)] });
    serve([green]);
    const ports = connect();
    const [before] = (await list(SLUG, undefined, ports)).runs;
    serve([{ ...green, phase: 'started' }]);
    const [after] = (await list(SLUG, undefined, ports)).runs;
    expect(after).toMatchObject({ state: 'running', attempt: before?.attempt });
    // The later answer counts, since the run has the time of its creation only.
    expect(ports.provider.datesChanges).toBe(false);
    serve([{ ...green, workflows: [...green.workflows, createWorkflow(30)] }]);
    expect((await list(SLUG, undefined, ports)).runs).toMatchObject([{ state: 'success', attempt: 3 }]);
  });
});

describe('whose run it is', () => {
  it("says the repository's URL: a fork's pull request has the branch pull/N", async () => {
    serve([ofVcs(1, { branch: 'pull/7', origin_repository_url: FORK_URL })]);
    expect((await list()).runs).toMatchObject([
      {
        branch: null,
        pullRequest: '7',
        origin: 'foreign',
        headRepositoryId: 'github.com/stranger/shop',
        refKind: 'pull_request',
      },
    ]);
  });

  it("may be a fork's although the branch has the name of one of ours", async () => {
    serve([ofVcs(1, { origin_repository_url: FORK_URL })]);
    expect((await list()).runs).toMatchObject([{ branch: 'main', origin: 'foreign' }]);
  });

  it('is ours for an own branch that is named pull/7', async () => {
    serve([ofVcs(1, { branch: 'pull/7' })]);
    expect((await list()).runs).toMatchObject([{ branch: 'pull/7', origin: 'own', pullRequest: null }]);
  });

  it('is unknown without a URL', async () => {
    serve([ofVcs(1, { origin_repository_url: undefined })]);
    expect((await list()).runs).toMatchObject([{ origin: 'unknown' }]);
  });

  it("is told by the pipelines' repositories where the slug is opaque", async () => {
    serve([ofVcs(2, {}), ofVcs(1, { origin_repository_url: FORK_URL })], OPAQUE, [
      'Acme/Shop',
      'acme/config',
    ]);
    expect((await list(OPAQUE)).runs).toMatchObject([{ origin: 'own' }, { origin: 'foreign' }]);
    expect(sent()).toContain('GET /api/v3/pipelines');
  });

  it('is unknown if no pipeline names a repository', async () => {
    serve([ofVcs(1, {})], OPAQUE);
    expect((await list(OPAQUE)).runs).toMatchObject([{ origin: 'unknown' }]);
  });

  it("finds a fork's runs by the pull request's number", async () => {
    serve([ofVcs(2, { branch: 'pull/7', origin_repository_url: FORK_URL }), ofVcs(1, { branch: 'pull/7' })]);
    const page = await connect().provider.fetchPullRequestRuns?.(SLUG, '7');
    expect(page?.runs).toMatchObject([{ number: '2' }]);
  });
});

describe('a run without a Git revision', () => {
  it.each([[null], [undefined]])(
    '(vcs: %s) is skipped, keeps its place and belongs to no branch',
    async (vcs) => {
      serve([
        createRun(2, { event: { type: 'custom_webhook', ...(vcs === null && { vcs }) } }),
        createRun(1),
      ]);
      const { runs, unread } = await list();
      expect(runs).toMatchObject([{ number: '1' }]);
      expect(unread).toMatchObject([
        { branch: '', position: Date.parse(timeOf(2)), problem: 'a Git revision' },
      ]);
    },
  );

  it('is no sign of another format, however many there are', async () => {
    serve([
      ...Array.from({ length: 19 }, (_, i) => createRun(40 - i, { event: { type: 'schedule' } })),
      createRun(1),
    ]);
    expect(await list()).toMatchObject({ runs: [{ number: '1' }] });
  });
});

describe('a tag', () => {
  it('has no branch', async () => {
    serve([ofVcs(1, { branch: '', tag: 'v1' })]);
    expect((await list()).runs).toMatchObject([{ branch: null, refKind: 'tag' }]);
  });
});

describe('the event', () => {
  it.each([
    ['pull_request', 'pull_request'],
    ['schedule', 'schedule'],
    [undefined, 'webhook'],
    ['', 'webhook'],
  ])('%s is %s: without one, the source of the trigger counts', async (type, event) => {
    serve([createRun(1, { event: { ...(type !== undefined && { type }), vcs: createVcs(1) } })]);
    expect((await list()).runs).toMatchObject([{ event }]);
  });
});

describe('the number', () => {
  it('is empty where the API has none', async () => {
    const { number: _, ...run } = createRun(1);
    serve([run]);
    expect((await list()).runs).toMatchObject([{ number: '' }]);
  });
});

async function listBranch(): Promise<RunPage[]> {
  const { provider } = connect();
  const pages = [await provider.fetchBranchRuns(SLUG, 'main')];
  for (let next = pages[0]?.next; next !== undefined; next = pages.at(-1)?.next) {
    pages.push(await provider.fetchBranchRuns(SLUG, 'main', next));
  }
  return pages;
}

describe("a branch's list", () => {
  const DAYS = 86_400_000;
  const daysAgo = (days: number) => ({ created_at: new Date(NOW - days * DAYS).toISOString() });

  it('does not end after the 90 days that one search covers, so that a quiet branch keeps its build', async () => {
    serve([createRun(2, daysAgo(91)), createRun(1, daysAgo(300))]);
    expect((await list()).short).toBe(true);
    const pages = await listBranch();
    expect(pages.map(({ runs }) => runs.length)).toEqual([0, 1, 0, 1]);
  });

  it('ends where CircleCI refuses to search further back, and with no other failure', async () => {
    serve([createRun(1)]);
    const { provider } = connect();
    const first = await provider.fetchBranchRuns(SLUG, 'main');
    server.fault({ kind: 'status', status: 400 }, { path: /search/ });
    expect(await provider.fetchBranchRuns(SLUG, 'main', first.next)).toEqual({ runs: [] });
    expect((await failureOf(provider.fetchBranchRuns(SLUG, 'main'))).kind).toBe('malformed');
    server.heal();
    server.fault({ kind: 'status', status: 503 }, { path: /search/ });
    expect((await failureOf(provider.fetchBranchRuns(SLUG, 'main', first.next))).kind).toBe('unavailable');
  });
});

describe('a search', () => {
  it('that shows the oldest first is no list of the newest runs', async () => {
    serve([createRun(9)]);
    const ports = connect();
    const { runs } = await list(SLUG, undefined, ports);
    expect(() => requireNewestFirst(runs, SOURCE)).not.toThrow();
    const late = { ...runs[0], createdAt: NOW + 60_001 } as Run;
    expect(() => requireNewestFirst([...runs, late], SOURCE)).toThrow('not newest first');
  });

  it('covers 90 days to a little after now, in pages of at most 20, and every page the same days', async () => {
    serve(Array.from({ length: 21 }, (_, i) => createRun(21 - i)));
    const ports = connect();
    const { next } = await list(SLUG, undefined, ports);
    now += 3_600_000;
    await list(SLUG, next, ports);
    const scope = {
      project_ids: [PROJECT_ID],
      from: '2025-10-03T00:10:00Z',
      to: '2026-01-01T00:10:00Z',
    };
    expect(searches()).toEqual([
      { scope, filter: '', page: { cursor: '', limit: 20 } },
      { scope, filter: '', page: { cursor: expect.stringMatching(/./), limit: 20 } },
    ]);
  });

  it('quotes the name of a branch', async () => {
    serve([ofVcs(1, { branch: 'a "b" \\c' })]);
    const { runs } = await connect().provider.fetchBranchRuns(SLUG, 'a "b" \\c');
    expect(runs).toHaveLength(1);
  });

  it('shows several projects in one call', async () => {
    serve([createRun(1)]);
    serve([createRun(2)], 'gh/acme/back');
    expect((await list(`${SLUG} gh/acme/back`)).runs).toMatchObject([
      { workflow: 'gh/acme/back', workflowId: OTHER_ID },
      { workflow: SLUG, workflowId: PROJECT_ID },
    ]);
    expect(searches()).toHaveLength(1);
  });

  it('looks up the id of a project once, and again after some minutes', async () => {
    serve([]);
    const ports = connect();
    for (let calls = 0; calls < 3; calls++) await list(SLUG, undefined, ports);
    expect(countCalls('GET /api/v3/projects')).toBe(1);
    now += 600_000;
    await list(SLUG, undefined, ports);
    expect(countCalls('GET /api/v3/projects')).toBe(2);
  });
});

describe('an unknown project', () => {
  it('gives an empty list, which is a failure that says what to check', async () => {
    const failure = await failureOf(connect().provider.probe('gh/acme/other'));
    expect(failure).toMatchObject({ kind: 'not_found' });
    expect(failure.message).toBe(
      `${failure.host} does not know the project gh/acme/other, or hides it from connection "circleci": ` +
        "check workflows, that the token's user may see the project, and that a server has API v3",
    );
  });
});

describe('one run', () => {
  it('of another project is a failure', async () => {
    const stranger = createRun(1);
    serve([]);
    serve([stranger], 'gh/acme/back');
    expect(await failureOf(connect().provider.fetchRun(SLUG, stranger.id))).toMatchObject({
      kind: 'malformed',
    });
  });

  it('has a page for people', async () => {
    const cloud = connectKind('circleci', circleci, {
      url: 'https://circleci.com',
      token: TOKEN,
      now: () => now,
    });
    expect(cloud.host).toBe('circleci.com');
    const run = createRun(1);
    serve([run]);
    expect((await list()).runs[0]?.url).toMatch(new RegExp(`^http://app\\..*/pipeline/${run.id}$`));
  });
});
