/** What every CI provider owes the core, over real HTTP. A provider's own test file says how its upstream is made to behave. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UpstreamError, type UpstreamFailure, type UpstreamFailureKind } from '../../src/errors.ts';
import type { GitHost } from '../../src/ci/git-host.ts';
import type { CiProvider, Cursor, RunPage } from '../../src/ci/provider.ts';

export interface ContractRun {
  readonly branch: string | null;
  readonly state: 'running' | 'success' | 'unsuccessful';
  /** Where the commit lies; left out: in the repository itself. */
  readonly head?: 'fork' | 'gone';
}

export const CONTRACT_FAULTS = {
  'no answer': 'timeout',
  'a body that stops coming': 'timeout',
  'a reset connection': 'unreachable',
  'a body that is cut off': 'unreachable',
  'credentials that are not accepted': 'denied',
  'a missing permission': 'denied',
  'an unknown repository': 'not_found',
  'a rate limit': 'rate_limited',
  'an outage': 'unavailable',
  'an HTML page': 'malformed',
  'an empty body': 'malformed',
  'another shape': 'malformed',
} as const satisfies Record<string, UpstreamFailureKind>;

export type ContractFault = keyof typeof CONTRACT_FAULTS;

/** An upstream with one repository, and providers that are connected to it. */
export interface CiUpstream {
  /** Waits longer than any answer that comes could take. */
  readonly provider: CiProvider & Pick<GitHost, 'fetchPullRequest'>;
  /** The same with a deadline of a fraction of a second. */
  readonly impatient: CiUpstream['provider'];
  readonly gitRepository: string;
  /** Host and port of the upstream. */
  readonly host: string;
  /** The credential that the provider was given. */
  readonly secret: string;
  /** How many runs a page holds. */
  readonly pageSize: number;
  /** Adds a run that is newer than all before it. @returns its id */
  readonly addRun: (run: ContractRun) => string;
  readonly deleteRun: (id: string) => void;
  readonly addPullRequest: (number: string, head: 'own' | 'fork' | 'gone') => void;
  /** Every answer suffers from this from now on. */
  readonly breakWith: (fault: ContractFault) => void;
  /** How many requests have come. */
  readonly requests: () => number;
  /** @throws Error when a request came that the upstream's API does not know */
  readonly close: () => Promise<void>;
}

const GREEN = { branch: 'main', state: 'success' } as const;

/** Calls of a provider, by name, as if run and pull request 1 were there. */
const CALLS: Record<string, (provider: CiUpstream['provider'], gitRepository: string) => Promise<unknown>> = {
  fetchRuns: (provider, gitRepository) => provider.fetchRuns(gitRepository),
  fetchBranchRuns: (provider, gitRepository) => provider.fetchBranchRuns(gitRepository, 'main'),
  fetchRun: (provider, gitRepository) => provider.fetchRun(gitRepository, '1'),
  fetchPullRequest: (provider, gitRepository) => provider.fetchPullRequest(gitRepository, '1'),
  probe: (provider, gitRepository) => provider.probe(gitRepository),
};

export function describeCiProvider(name: string, createUpstream: () => Promise<CiUpstream>): void {
  describe(`${name}, as a CI provider,`, () => {
    let upstream: CiUpstream;
    beforeEach(async () => {
      upstream = await createUpstream();
    });
    afterEach(() => upstream.close());
    const current = () => upstream;
    describeListing(current);
    describeRuns(current);
    describePullRequests(current);
    describeFaults(current);
  });
}

function describeListing(current: () => CiUpstream): void {
  it('lists the newest runs first, of every branch', async () => {
    const { provider, gitRepository, addRun } = current();
    const ids = ['main', 'feature', 'main'].map((branch) => addRun({ ...GREEN, branch }));
    const page = await listed(provider, gitRepository);
    expect(page.runs.map((run) => run.id)).toEqual(ids.toReversed());
    expect(page.next).toBeUndefined();
  });

  it('lists nothing for a repository without runs', async () => {
    const { provider, gitRepository } = current();
    expect(await listed(provider, gitRepository)).toMatchObject({ runs: [], next: undefined });
  });

  it('pages, so that each run comes once', async () => {
    const { provider, gitRepository, pageSize, addRun } = current();
    const ids = Array.from({ length: pageSize * 2 + 1 }, () => addRun(GREEN));
    const pages = [];
    let next: Cursor | undefined;
    do {
      const page = await listed(provider, gitRepository, next);
      pages.push(page);
      next = page.next;
    } while (next !== undefined);
    expect(pages.map((page) => page.runs.length)).toEqual([pageSize, pageSize, 1]);
    expect(pages.flatMap((page) => page.runs.map((run) => run.id))).toEqual(ids.toReversed());
  });

  it('says that no more follows after a page that is exactly full', async () => {
    const { provider, gitRepository, pageSize, addRun } = current();
    for (let number = 0; number < pageSize; number++) addRun(GREEN);
    expect((await listed(provider, gitRepository)).next).toBeUndefined();
  });

  it('answers that a page is unchanged when given its validator, until it changes', async () => {
    const { provider, gitRepository, addRun } = current();
    addRun(GREEN);
    const { validator } = await listed(provider, gitRepository);
    expect(await provider.fetchRuns(gitRepository, undefined, validator)).toBe('unchanged');
    const id = addRun(GREEN);
    expect(await provider.fetchRuns(gitRepository, undefined, validator)).toMatchObject({
      runs: [{ id }, {}],
    });
  });

  it('lists the runs of one branch', async () => {
    const { provider, gitRepository, addRun } = current();
    const branches = ['feature/a b&c', 'feature', 'feature/a b&c'];
    const ids = branches.map((branch) => addRun({ ...GREEN, branch }));
    const page = await provider.fetchBranchRuns(gitRepository, 'feature/a b&c');
    expect(page.runs.map((run) => run.id)).toEqual([ids[2], ids[0]]);
    expect(await provider.fetchBranchRuns(gitRepository, 'unknown')).toMatchObject({
      runs: [],
      next: undefined,
    });
  });
}

function describeRuns(current: () => CiUpstream): void {
  it.each(['running', 'success', 'unsuccessful'] as const)('tells of a run that it is %s', async (state) => {
    const { provider, gitRepository, addRun } = current();
    const id = addRun({ branch: 'main', state });
    const run = await provider.fetchRun(gitRepository, id);
    expect(run).toMatchObject({ id, branch: 'main', state, origin: 'own', attempt: 1 });
    expect(await listed(provider, gitRepository)).toMatchObject({ runs: [run] });
  });

  it('gives commits in full and in lower case, and times in milliseconds', async () => {
    const { provider, gitRepository, addRun } = current();
    const run = await provider.fetchRun(gitRepository, addRun(GREEN));
    if (run === 'gone') throw new Error('expected a run');
    expect(run.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(run.createdAt).toBeGreaterThan(Date.parse('2020-01-01'));
    expect(run.updatedAt).toBeGreaterThanOrEqual(run.createdAt ?? 0);
  });

  it.each([
    ['a fork', 'fork', expect.any(String)],
    ['a repository that is gone', 'gone', null],
  ] as const)('takes a run of %s as foreign', async (_name, head, headRepositoryId) => {
    const { provider, gitRepository, addRun } = current();
    addRun({ ...GREEN, head });
    const { runs } = await listed(provider, gitRepository);
    expect(runs).toMatchObject([{ origin: 'foreign', headRepositoryId }]);
  });

  it('gives a run without a branch none', async () => {
    const { provider, gitRepository, addRun } = current();
    addRun({ ...GREEN, branch: null });
    expect(await listed(provider, gitRepository)).toMatchObject({ runs: [{ branch: null }] });
  });

  it('tells that a deleted run is gone', async () => {
    const { provider, gitRepository, addRun, deleteRun } = current();
    const id = addRun(GREEN);
    deleteRun(id);
    expect(await provider.fetchRun(gitRepository, id)).toBe('gone');
  });

  it('proves in one call that the runs can be read', async () => {
    const { provider, gitRepository, requests, addRun } = current();
    addRun(GREEN);
    expect(await provider.probe(gitRepository)).toContain(gitRepository);
    expect(requests()).toBe(1);
  });
}

function describePullRequests(current: () => CiUpstream): void {
  it.each([
    ['the repository itself', 'own', 'own', expect.any(String)],
    ['a fork', 'fork', 'foreign', expect.any(String)],
    ['a repository that is gone', 'gone', 'foreign', null],
  ] as const)('tells that a pull request comes from %s', async (_name, head, origin, headRepositoryId) => {
    const { provider, gitRepository, addPullRequest } = current();
    addPullRequest('7', head);
    expect(await provider.fetchPullRequest(gitRepository, '7')).toEqual({
      kind: 'known',
      openedAfter: expect.toBeOneOf([null, expect.any(Number)]),
      origin,
      headRepositoryId,
      headBranch: expect.any(String),
      headCommit: expect.any(String),
    });
  });

  it('fails for a pull request that is not there', async () => {
    const { provider, gitRepository } = current();
    expect((await failureOf(provider.fetchPullRequest(gitRepository, '404'))).kind).toBe('not_found');
  });
}

function describeFaults(current: () => CiUpstream): void {
  const faults = Object.entries(CONTRACT_FAULTS) as [ContractFault, UpstreamFailureKind][];
  const cases = Object.keys(CALLS).flatMap((call) =>
    faults.map(([fault, kind]) => [call, fault, kind] as const),
  );

  it.each(cases)(
    '%s fails on %s as %s, in words that are stable and show no secret',
    async (call, fault, kind) => {
      const { gitRepository, host, secret, breakWith, ...upstream } = current();
      const provider = kind === 'timeout' ? upstream.impatient : upstream.provider;
      breakWith(fault);
      const ask = () => failureOf(CALLS[call]?.(provider, gitRepository) ?? Promise.resolve());
      const [first, second] = [await ask(), await ask()];
      expect(first).toMatchObject({ kind, host });
      expect(second.message).toBe(first.message);
      expect(first.message).toContain(host);
      expect(first.message).not.toContain(secret);
    },
  );

  it('does not send while a rate limit lasts', async () => {
    const { provider, gitRepository, requests, breakWith } = current();
    breakWith('a rate limit');
    const first = await failureOf(provider.fetchRuns(gitRepository));
    expect(first.retryAfterMs).toBeGreaterThan(0);
    for (const call of Object.values(CALLS)) {
      expect((await failureOf(call(provider, gitRepository))).kind).toBe('rate_limited');
    }
    expect(requests()).toBe(1);
  });
}

async function listed(provider: CiProvider, gitRepository: string, cursor?: Cursor): Promise<RunPage> {
  const answer = await provider.fetchRuns(gitRepository, cursor);
  if (answer === 'unchanged') throw new Error('unchanged, although no validator was given');
  return answer;
}

async function failureOf(call: Promise<unknown>): Promise<UpstreamFailure> {
  const outcome = await call.then(
    () => new Error('expected a failure'),
    (error: unknown) => error,
  );
  if (outcome instanceof UpstreamError) return outcome.failure;
  throw outcome;
}
