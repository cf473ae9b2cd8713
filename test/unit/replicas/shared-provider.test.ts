import { beforeEach, describe, expect, it } from 'vitest';
import { createSharedFetch } from '../../../src/replicas/shared-fetch.ts';
import { createSharedGitHost } from '../../../src/replicas/shared-git-host.ts';
import { createSharedProvider } from '../../../src/replicas/shared-provider.ts';
import { createFakeGitHost } from '../../fixtures/fake-git-host.ts';
import type { Run } from '../../../src/resolve/types.ts';
import { createFakeReplicaChannel, type FakeReplicaChannel } from '../../fixtures/fake-replica-channel.ts';
import { createRun, createPullRequestHead } from '../../fixtures/builders.ts';
import type { CiProvider, RunPage } from '../../../src/ci/provider.ts';

const REPOSITORY = 'acme/shop';
const FRESH_FOR = 15_000;
const HOUR = 3_600_000;

let now: number;
let channel: FakeReplicaChannel;
/** What CI has; a change brings a new validator. */
let runs: Run[];
let calls: string[];
let isValidated: boolean;
/** Further fields of pages. */
let odd: Partial<RunPage>;

beforeEach(() => {
  now = 100 * HOUR;
  channel = createFakeReplicaChannel(() => now);
  runs = [runOf('1', now - HOUR), runOf('2', now - 2 * HOUR)];
  isValidated = true;
  odd = {};
  calls = [];
});

function runOf(id: string, createdAt: number): Run {
  return createRun({ id, createdAt });
}

function validatorOf(): string {
  return JSON.stringify(runs);
}

/** Of one run. */
function pageOf(page: number): RunPage {
  const next = page < runs.length ? String(page + 1) : undefined;
  return { runs: runs.slice(page - 1, page), next, total: runs.length, ...odd };
}

function createCi(): CiProvider {
  return {
    host: 'ci.test',
    paging: 'numbered',
    repositoryKey: (gitRepository) => gitRepository,
    async fetchRuns(_, cursor, validator) {
      const page = Number(cursor ?? 1);
      const unchanged = validator === validatorOf();
      calls.push(`runs ${page}${unchanged ? ' unchanged' : ''}`);
      if (unchanged) return 'unchanged';
      return page === 1 && isValidated ? { ...pageOf(1), validator: validatorOf() } : pageOf(page);
    },
    async fetchBranchRuns(_, branch, cursor) {
      const page = Number(cursor ?? 1);
      calls.push(`branch ${branch} ${page}`);
      return pageOf(page);
    },
    async fetchPullRequestRuns(_, number, cursor) {
      const page = Number(cursor ?? 1);
      calls.push(`pull request ${number} ${page}`);
      return pageOf(page);
    },
    async fetchRun(_, id) {
      calls.push(`run ${id}`);
      return runs.find((run) => run.id === id) ?? 'gone';
    },
    probe: async () => 'seen',
  };
}

function createReplica(scope = 'github https://api.github.com'): CiProvider {
  const share = createSharedFetch({ channel, now: () => now, delay: async (ms) => void (now += ms) });
  return createSharedProvider(createCi(), { share, scope, freshFor: () => FRESH_FOR, now: () => now });
}

async function list(replica: CiProvider): Promise<RunPage> {
  const page = await replica.fetchRuns(REPOSITORY);
  if (page === 'unchanged') throw new Error('a replica gives the page itself, with its validator');
  return page;
}

describe('a listing', () => {
  it('is fetched by one of the replicas per freshFor, with its time', async () => {
    const [one, other] = [createReplica(), createReplica()];
    const at = now;
    const first = await list(one);
    now += FRESH_FOR - 1;
    expect(await list(other)).toEqual(first);
    expect(first.asOf).toBe(at);
    now += 1;
    expect((await list(other)).asOf).toBe(now);
    expect((await list(one)).asOf).toBe(now);
    expect(calls).toEqual(['runs 1', 'runs 1 unchanged']);
  });

  it('that has not changed is also free for a starting replica', async () => {
    const first = await list(createReplica());
    now += 10 * FRESH_FOR;
    const { asOf, ...page } = await list(createReplica());
    expect(page).toEqual({ runs: first.runs, next: '2', total: 2, validator: first.validator });
    expect(asOf).toBe(now);
    expect(calls).toEqual(['runs 1', 'runs 1 unchanged']);
  });

  it('that the provider had read before is no newer for others than for itself', async () => {
    odd = { asOf: now - 9000 };
    const [one, other] = [createReplica(), createReplica()];
    expect((await list(one)).asOf).toBe(now - 9000);
    now += 1000;
    expect((await list(other)).asOf).toBe(now - 10_000);
    expect((await one.fetchBranchRuns(REPOSITORY, 'main')).asOf).toBe(now - 10_000);
  });

  it('is not returned twice to the same replica', async () => {
    const one = createReplica();
    await list(one);
    runs = [runOf('3', now - 1_000), ...runs];
    now += 1;
    expect((await list(one)).runs.map((run) => run.id)).toEqual(['3']);
    expect(calls).toEqual(['runs 1', 'runs 1']);
  });

  it('is not shared between connections', async () => {
    await list(createReplica());
    await list(createReplica('github https://github.example.com'));
    expect(calls).toEqual(['runs 1', 'runs 1']);
  });

  it('that is corrupt is fetched again', async () => {
    await list(createReplica());
    const [{ topic } = { topic: '' }] = channel.published;
    channel.put(topic, { text: '{"runs":[{"id":1}],"total":1}', ageMs: 0 });
    expect((await list(createReplica())).runs).toEqual([runs[0]]);
    expect(calls).toEqual(['runs 1', 'runs 1']);
  });

  it('is shared with its unreadable elements and flags', async () => {
    const unread = [
      {
        id: '7',
        branch: null,
        commit: null,
        position: null,
        tie: null,
        createdAt: null,
        problem: 'a field path',
      },
    ];
    const further = { unread, short: true, clock: 5, changes: 'cursor' };
    odd = further;
    await list(createReplica());
    odd = {};
    expect(await list(createReplica())).toMatchObject(further);
    expect(calls).toEqual(['runs 1']);
  });

  it('from the future is not fresh, after the clock was set back', async () => {
    await list(createReplica());
    now -= HOUR;
    expect((await list(createReplica())).asOf).toBe(now);
    expect(calls).toEqual(['runs 1', 'runs 1 unchanged']);
  });

  it('without a validator does not accept older pages that were read before it', async () => {
    const [one, other] = [createReplica(), createReplica()];
    isValidated = false;
    for (const replica of [one, other]) {
      await list(replica);
      await replica.fetchRuns(REPOSITORY, '2');
    }
    expect(calls).toEqual(['runs 1', 'runs 2']);
    now += FRESH_FOR;
    await list(other);
    await other.fetchRuns(REPOSITORY, '2');
    expect(calls.slice(2)).toEqual(['runs 1', 'runs 2']);
  });

  it('has further pages that belong to its first, and are fetched once', async () => {
    const [one, other] = [createReplica(), createReplica()];
    for (const replica of [one, other]) {
      await list(replica);
      expect(await replica.fetchRuns(REPOSITORY, '2')).toMatchObject({
        runs: [runs[1]],
        total: 2,
      });
    }
    expect(calls).toEqual(['runs 1', 'runs 2']);
    runs = [runOf('3', now), ...runs];
    now += FRESH_FOR;
    await list(one);
    await one.fetchRuns(REPOSITORY, '2');
    expect(calls.slice(2)).toEqual(['runs 1', 'runs 2']);
  });
});

describe('a look-up', () => {
  it('is made once while the listing shows everything newer', async () => {
    const [one, other] = [createReplica(), createReplica()];
    await list(one);
    const page = await one.fetchBranchRuns(REPOSITORY, 'old');
    now += 10 * HOUR;
    // The listing reaches back to before the look-up.
    runs = [runOf('3', now - 11 * HOUR), ...runs];
    await list(other);
    calls = [];
    expect(await other.fetchBranchRuns(REPOSITORY, 'old')).toEqual(page);
    expect(calls).toEqual([]);
  });

  it('is repeated if runs may have come and gone since', async () => {
    const [one, other] = [createReplica(), createReplica()];
    await list(one);
    await one.fetchBranchRuns(REPOSITORY, 'old');
    now += 10 * HOUR;
    runs = [runOf('3', now - HOUR), ...runs];
    await list(other);
    calls = [];
    await other.fetchBranchRuns(REPOSITORY, 'old');
    expect(calls).toEqual(['branch old 1']);
  });

  it("is also repeated if our clock is a day ahead of CI's", async () => {
    const [one, other] = [createReplica(), createReplica()];
    const DAY = 24 * HOUR;
    odd = { clock: now - DAY };
    await list(one);
    await one.fetchBranchRuns(REPOSITORY, 'old');
    now += 10 * HOUR;
    odd = { clock: now - DAY };
    runs = [runOf('3', now - DAY - HOUR), ...runs];
    await list(other);
    calls = [];
    await other.fetchBranchRuns(REPOSITORY, 'old');
    expect(calls).toEqual(['branch old 1']);
  });

  it('is repeated for a replica that has had it, and for each further page', async () => {
    const one = createReplica();
    await list(one);
    await one.fetchBranchRuns(REPOSITORY, 'old');
    await one.fetchBranchRuns(REPOSITORY, 'old', '2');
    now += 1;
    await one.fetchBranchRuns(REPOSITORY, 'old');
    await one.fetchBranchRuns(REPOSITORY, 'old', '2');
    expect(calls).toEqual(['runs 1', 'branch old 1', 'branch old 2', 'branch old 1', 'branch old 2']);
  });

  it('is shared by branch or by pull request, and only its first page', async () => {
    const [one, other] = [createReplica(), createReplica()];
    for (const replica of [one, other]) {
      await list(replica);
      for (const [cursor, id] of [
        [undefined, '1'],
        ['2', '2'],
      ]) {
        const page = { runs: [{ id }] };
        expect(await replica.fetchBranchRuns(REPOSITORY, '7', cursor)).toMatchObject(page);
        expect(await replica.fetchPullRequestRuns?.(REPOSITORY, '7', cursor)).toMatchObject(page);
      }
    }
    expect(calls.filter((call) => call.endsWith(' 1'))).toEqual(['runs 1', 'branch 7 1', 'pull request 7 1']);
  });

  it('is made before anything is listed', async () => {
    await createReplica().fetchBranchRuns(REPOSITORY, 'old');
    await createReplica().fetchBranchRuns(REPOSITORY, 'old');
    expect(calls).toEqual(['branch old 1', 'branch old 1']);
  });
});

describe('a run', () => {
  it('is polled by one of the replicas after each listing', async () => {
    const [one, other] = [createReplica(), createReplica()];
    for (let poll = 0; poll < 2; poll++) {
      for (const replica of [one, other]) {
        await list(replica);
        expect(await replica.fetchRun(REPOSITORY, '2')).toEqual(runs[1]);
        expect(await replica.fetchRun(REPOSITORY, '7')).toBe('gone');
      }
      now += FRESH_FOR;
    }
    expect(calls.filter((call) => call.startsWith('run '))).toEqual(['run 2', 'run 7', 'run 2', 'run 7']);
  });

  it('is never older than the listing, nor from another connection', async () => {
    const [one, elsewhere] = [createReplica(), createReplica('github https://github.example.com')];
    for (const replica of [one, elsewhere]) {
      await list(replica);
      await replica.fetchRun(REPOSITORY, '2');
    }
    now += 1;
    await list(one);
    await one.fetchRun(REPOSITORY, '2');
    expect(calls.filter((call) => call.startsWith('run '))).toEqual(['run 2', 'run 2', 'run 2']);
  });
});

it('a probe is never shared', async () => {
  expect(await createReplica().probe(REPOSITORY)).toBe('seen');
  expect(calls).toEqual([]);
});

it("a pull request's head is fetched once for each connection and repository", async () => {
  const createReplicaOf = (scope: string) =>
    createSharedGitHost(
      createFakeGitHost(async (gitRepository, number) => {
        calls.push(`pull request ${number} of ${gitRepository} in ${scope}`);
        return createPullRequestHead({ headRepositoryId: `${scope} ${gitRepository}` });
      }),
      createSharedFetch({ channel, now: () => now, delay: async (ms) => void (now += ms) }),
      scope,
    );
  const questions = ['hub', 'other'].flatMap((scope) => [REPOSITORY, 'acme/other'].map((of) => [scope, of]));
  for (let times = 0; times < 2; times++) {
    for (const [scope = '', of = ''] of questions) {
      expect(await createReplicaOf(scope).fetchPullRequest(of, '7')).toEqual(
        createPullRequestHead({ headRepositoryId: `${scope} ${of}` }),
      );
    }
    now += HOUR;
  }
  expect(calls).toEqual(questions.map(([scope, of]) => `pull request 7 of ${of} in ${scope}`));
});

it('the list of open pull requests is fetched once while it is new', async () => {
  const head = createPullRequestHead();
  const one = {
    number: '7',
    title: 'A',
    author: null,
    labels: ['x'],
    isDraft: false,
    targetBranch: 'main',
    head,
  };
  const createReplicaHost = () =>
    createSharedGitHost(
      createFakeGitHost(
        async () => head,
        async (gitRepository, cursor = 'first') => {
          calls.push(`${cursor} page of ${gitRepository}`);
          return { pullRequests: [one], unread: [{ number: null, problem: 'no head' }], next: '2' };
        },
      ),
      createSharedFetch({ channel, now: () => now, delay: async (ms) => void (now += ms) }),
      'hub',
    );
  const expected = { pullRequests: [one], unread: [{ number: null, problem: 'no head' }], next: '2' };
  for (const host of [createReplicaHost(), createReplicaHost()]) {
    expect(await host.fetchOpenPullRequests(REPOSITORY)).toEqual(expected);
    expect(await host.fetchOpenPullRequests(REPOSITORY, '2')).toEqual(expected);
  }
  expect(calls).toEqual([`first page of ${REPOSITORY}`, `2 page of ${REPOSITORY}`]);
  now += HOUR;
  await createReplicaHost().fetchOpenPullRequests(REPOSITORY);
  expect(calls).toHaveLength(3);
});
