import { describe, expect, it } from 'vitest';
import { UpstreamError, type UpstreamFailure } from '../../../../src/errors.ts';
import type { Cursor, RunPage } from '../../../../src/ci/provider.ts';
import { connectForge } from '../../../fixtures/gitea/connect.ts';
import { addRun, connectFake, type ConnectedFake } from '../../../fixtures/gitea/connect-fake.ts';

const REPOSITORY = 'acme/shop';
const JSON_TYPE = { 'content-type': 'application/json' };
const APIS = ['gitea', 'forgejo'] as const;

async function readAll(fetch: (cursor: Cursor | undefined) => Promise<RunPage | 'unchanged' | undefined>) {
  const pages: RunPage[] = [];
  let cursor: Cursor | undefined;
  do {
    const page = await fetch(cursor);
    if (page === undefined || page === 'unchanged') throw new Error('expected a page');
    pages.push(page);
    cursor = page.next;
  } while (cursor !== undefined && pages.length < 100);
  return { pages, ids: pages.flatMap(({ runs }) => runs.map(({ id }) => Number(id))) };
}

async function failureOf(call: Promise<unknown>): Promise<UpstreamFailure> {
  const error = await call.then(
    () => new Error('expected a failure'),
    (reason: unknown) => reason,
  );
  if (error instanceof UpstreamError) return error.failure;
  throw error;
}

describe.each(APIS)('%s reduces the page size, and', (api) => {
  it.each([1, 6, 7, 8, 14, 15])('a list of %i runs in pages of 7 is complete', async (count) => {
    const { server, ports } = await connectFake(api, { maxItems: 7 });
    for (let made = 0; made < count; made++) addRun(server);
    const { pages, ids } = await readAll((cursor) => ports.provider.fetchRuns(REPOSITORY, cursor));
    expect(ids).toEqual(Array.from({ length: count }, (_, index) => count - index));
    expect(pages).toHaveLength(Math.ceil(count / 7));
    expect(pages.every(({ total }) => total === count)).toBe(true);
    server.verify();
  });

  it('an empty page in the middle of the list is a failure', async () => {
    const { server, ports } = await connectFake(api);
    for (let made = 0; made < 60; made++) addRun(server);
    const body = '{"total_count":60,"workflow_runs":[]}';
    const link = '<http://x/?page=3>; rel="next"';
    server.fault({ kind: 'status', status: 200, headers: { ...JSON_TYPE, link }, body });
    expect((await failureOf(ports.provider.fetchRuns(REPOSITORY, '2:50'))).kind).toBe('malformed');
  });
});

describe.each(APIS)('the list of %s', (api) => {
  /** Answers one request with the first runs of a list. */
  async function cutList({ server }: ConnectedFake, shown: number, total: number): Promise<void> {
    for (let made = 0; made < total; made++) addRun(server);
    const whole = await fetch(`${server.url}/api/v1/repos/acme/shop/actions/runs`, {
      headers: { authorization: 'token sesame' },
    });
    const { workflow_runs: runs } = (await whole.json()) as { workflow_runs: unknown[] };
    const body = JSON.stringify({ total_count: total, workflow_runs: runs.slice(0, shown) });
    const links = { link: '<http://x/?page=1>; rel="first"' };
    const headers = { ...JSON_TYPE, ...(api === 'gitea' && links) };
    server.fault({ kind: 'status', status: 200, headers, body }, { times: 1 });
  }

  it.each([
    ['is empty', 0],
    ['ends too early', 5],
  ])('is a failure, not the end of all runs, if it %s', async (_, shown) => {
    const fake = await connectFake(api);
    await cutList(fake, shown, 7);
    const read = readAll((cursor) => fake.ports.provider.fetchRuns(REPOSITORY, cursor));
    expect((await failureOf(read)).kind).toBe('malformed');
  });

  it('may be one short where pages are linked, since its length comes from another query', async () => {
    const fake = await connectFake(api);
    await cutList(fake, 5, 6);
    const read = readAll((cursor) => fake.ports.provider.fetchRuns(REPOSITORY, cursor));
    if (api === 'gitea') expect((await read).pages).toMatchObject([{ short: true, next: undefined }]);
    else expect((await failureOf(read)).kind).toBe('malformed');
  });

  it('of open pull requests is a failure if it is empty, though it has a length', async () => {
    const { server, ports } = await connectFake(api);
    server.fault({
      kind: 'status',
      status: 200,
      headers: { ...JSON_TYPE, 'x-total-count': '3' },
      body: '[]',
    });
    const failure = await failureOf(ports.gitHost?.fetchOpenPullRequests(REPOSITORY) ?? Promise.resolve());
    expect(failure.kind).toBe('malformed');
  });
});

describe("a branch's list", () => {
  it('has no other runs if an old Forgejo ignores the parameter ref', async () => {
    const { server, ports } = await connectFake('forgejo');
    for (const ref of ['refs/heads/main', 'refs/heads/feature', 'refs/tags/main', 'refs/pull/7/head']) {
      addRun(server, { ref, event: ref.includes('pull') ? 'pull_request' : 'push' });
    }
    const all = await fetch(`${server.url}/api/v1/repos/acme/shop/actions/runs`, {
      headers: { authorization: 'token sesame' },
    });
    server.fault({ kind: 'alter', body: await all.text() });
    const page = await ports.provider.fetchBranchRuns(REPOSITORY, 'main');
    expect(page).toMatchObject({ runs: [{ id: '1', refKind: 'branch' }], total: undefined });
  });

  it.each(APIS)('of %s shows no tag of its name', async (api) => {
    const { server, ports } = await connectFake(api);
    addRun(server);
    addRun(server, { ref: 'refs/tags/main' });
    const { runs } = await ports.provider.fetchBranchRuns(REPOSITORY, 'main');
    expect(runs.map(({ id }) => id)).toEqual(['1']);
    server.verify();
  });
});

describe("a pull request's list", () => {
  it('of Gitea goes on behind pages of other pull requests', async () => {
    const { server, ports } = await connectFake('gitea', { maxItems: 5 });
    addRun(server, { ref: 'refs/pull/7/head', event: 'pull_request' });
    for (let made = 0; made < 12; made++) {
      addRun(server, { ref: 'refs/pull/8/head', event: 'pull_request_sync' });
    }
    addRun(server);
    const fetchPage = ports.provider.fetchPullRequestRuns;
    const { pages, ids } = await readAll(async (cursor) => fetchPage?.(REPOSITORY, '7', cursor));
    expect([pages.length, ids]).toEqual([3, [1]]);
    expect(pages.at(-1)?.total).toBeUndefined();
    server.verify();
  });
});

describe('a wrong connection', () => {
  it.each([
    ['gitea', 'forgejo', 'Forgejo'],
    ['forgejo', 'gitea', 'Gitea'],
  ] as const)('of kind %s to %s says so', async (kind, api, name) => {
    const { server, ports } = await connectFake(api, {}, kind);
    addRun(server);
    const message = expect.stringContaining(`runs ${name}: set the connection's kind to ${api}`);
    const { provider } = ports;
    const calls = [
      provider.fetchRuns(REPOSITORY),
      provider.fetchRun(REPOSITORY, '1'),
      provider.probe(REPOSITORY),
    ];
    for (const failure of await Promise.all(calls.map(failureOf))) {
      expect(failure).toMatchObject({ kind: 'malformed', message });
    }
  });

  it.each([
    ['gitea', '1.24.7', 'runs Gitea 1.24, which cannot list workflow runs; upgrade it to 1.25 or later'],
    [
      'forgejo',
      '11.0.8+gitea-1.22.0',
      'runs Forgejo 11.0, which cannot list workflow runs; upgrade it to 14.0',
    ],
    ['gitea', '15.0.1+gitea-1.22.0', 'runs Forgejo: set'],
  ] as const)('of kind %s to version %s explains why there are no runs', async (kind, version, text) => {
    const { ports } = await connectFake(kind, { version, hasRuns: false });
    const failure = await failureOf(ports.provider.probe(REPOSITORY));
    expect(failure).toMatchObject({ kind: 'malformed', message: expect.stringContaining(text) });
  });

  it.each(APIS)('of kind %s without the path of the instance is not found', async (api) => {
    const { server } = await connectFake(api, { path: '/git' });
    const { provider } = connectForge(api, new URL(server.url).origin, 'sesame');
    const { message } = await failureOf(provider.probe(REPOSITORY));
    expect(message).toMatch(/has no \w+ API at the connection's url; check its path$/);
  });

  it('that meets a sign-in page says so', async () => {
    const { server, ports } = await connectFake('gitea');
    const body = '\n<!DOCTYPE html><html>Sign in</html>';
    server.fault({ kind: 'status', status: 200, headers: { 'content-type': 'text/html' }, body });
    const { provider, gitHost, statuses } = ports;
    const failures = await Promise.all(
      [
        provider.fetchRuns(REPOSITORY),
        provider.fetchRun(REPOSITORY, '1'),
        gitHost?.fetchPullRequest(REPOSITORY, '1'),
        statuses?.fetchStatuses(REPOSITORY, 'a'.repeat(40)),
      ].map((call) => failureOf(Promise.resolve(call))),
    );
    for (const failure of failures) {
      expect(failure).toMatchObject({
        kind: 'malformed',
        message: expect.stringContaining('a page or text'),
      });
    }
  });
});

describe('a denied call', () => {
  it.each([
    [
      'token does not have at least one of required scope(s), required=[read:repository], token scope=read:user',
      'it needs the scope "read:repository"',
    ],
    [
      'user should have specific read permission or be a repo admin or a site admin',
      'or they are switched off',
    ],
  ])('with the reason "%s" says what to do', async (message, told) => {
    const { server, ports } = await connectFake('gitea');
    server.fault({ kind: 'status', status: 403, headers: JSON_TYPE, body: JSON.stringify({ message }) });
    const failure = await failureOf(ports.provider.fetchRuns(REPOSITORY));
    expect(failure).toMatchObject({ kind: 'denied', message: expect.stringContaining(told) });
  });
});
