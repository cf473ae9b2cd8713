import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeGitHub, type FakeGitHub } from '../../../fixtures/github/fake-github.ts';
import { connect, failureOf } from '../../../fixtures/github/connect.ts';

const COMMIT = 'c0ffee'.padEnd(40, '0');

let github: FakeGitHub;

beforeEach(async () => {
  github = await createFakeGitHub();
});

afterEach(async () => {
  await github.close();
});

function sent() {
  return github.requests.map(({ method, url }) => `${method} ${url}`);
}

describe('fetchRuns', () => {
  it('asks for the unfiltered list, one hundred at a time', async () => {
    github.addRepository('acme/shop');
    await connect(github.url).provider.fetchRuns('acme/shop', '2');
    expect(sent()).toEqual([
      'GET /repos/acme/shop/actions/runs?per_page=100&page=2&exclude_pull_requests=true',
    ]);
    github.verify();
  });

  it('is conditional when it is given a validator', async () => {
    github.addRun('acme/shop');
    const { provider } = connect(github.url);
    const page = await provider.fetchRuns('acme/shop');
    if (page === 'unchanged' || page.validator === undefined) throw new Error('expected a validator');
    expect(await provider.fetchRuns('acme/shop', undefined, page.validator)).toBe('unchanged');
    github.addRun('acme/shop', { head_branch: 'newer' });
    expect(await provider.fetchRuns('acme/shop', undefined, page.validator)).toMatchObject({
      runs: [{ branch: 'newer' }, {}],
    });
    expect(github.requests.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      page.validator,
      page.validator,
    ]);
  });

  it('keeps an id that JSON.parse would round', async () => {
    const run = JSON.stringify({ ...github.addRun('acme/shop'), id: 'ID' }).replace(
      '"ID"',
      '9007199254740993',
    );
    const body = `{"total_count":1,"workflow_runs":[${run}]}`;
    github.fault({ kind: 'status', status: 200, headers: { 'content-type': 'application/json' }, body });
    expect(await connect(github.url).provider.fetchRuns('acme/shop')).toMatchObject({
      runs: [{ id: '9007199254740993' }],
    });
  });
});

describe('the secret', () => {
  it('is another one when it was changed, not when it cannot be read', () => {
    let secret: string | undefined = 'one';
    const read = () => {
      if (secret === undefined) throw new Error('no such file');
      return secret;
    };
    const { provider } = connect(github.url, { auth: { kind: 'token', read } });
    const generations = ['one', 'one', undefined, 'one', 'two', undefined, 'two'].map((next) => {
      secret = next;
      return provider.generation?.();
    });
    expect(generations).toEqual([0, 0, 0, 0, 1, 1, 1]);
  });
});

describe('fetchBranchRuns', () => {
  it.each(['feature', 'feature/x&y=z?#é 1', '../..'])('asks for the branch %s, encoded', async (branch) => {
    github.addRun('acme/shop', { head_branch: branch });
    github.addRun('acme/shop', { head_branch: 'another' });
    const page = await connect(github.url).provider.fetchBranchRuns('acme/shop', branch);
    expect(page.runs.map((run) => run.branch)).toEqual([branch]);
    github.verify();
  });

  it("goes as far as GitHub's limit of 1,000 filtered results", async () => {
    for (let number = 0; number < 1001; number++) github.addRun('acme/shop');
    const { provider } = connect(github.url);
    expect((await provider.fetchBranchRuns('acme/shop', 'main', '9')).next).toBe('10');
    const last = await provider.fetchBranchRuns('acme/shop', 'main', '10');
    expect(last).toMatchObject({ next: `1@${last.runs.at(-1)?.createdAt}`, restarts: true });
    expect(last.runs).toHaveLength(100);
  });

  it('goes on beyond it by the time of the oldest run that was seen', async () => {
    const oldest = github.addRun('acme/shop');
    for (let number = 0; number < 1001; number++) github.addRun('acme/shop');
    const { provider } = connect(github.url);
    const { next } = await provider.fetchBranchRuns('acme/shop', 'main', '10');
    const further = await provider.fetchBranchRuns('acme/shop', 'main', next);
    expect(further.runs.map(({ id }) => id)).toContain(String(oldest.id));
    expect(further.next).toBeUndefined();
    github.verify();
  });
});

describe('fetchRun', () => {
  it('asks for one run', async () => {
    const { id } = github.addRun('acme/shop', { head_sha: COMMIT, status: 'in_progress' });
    const run = await connect(github.url).provider.fetchRun('acme/shop', String(id));
    expect(run).toMatchObject({ id: String(id), commit: COMMIT, state: 'running' });
    expect(sent()).toEqual([`GET /repos/acme/shop/actions/runs/${id}?exclude_pull_requests=true`]);
    github.verify();
  });

  it('takes a 404 as gone only if the runs of the repository can be read', async () => {
    const { id } = github.addRun('acme/shop');
    github.deleteRun('acme/shop', id);
    const { provider } = connect(github.url);
    expect(await provider.fetchRun('acme/shop', String(id))).toBe('gone');
    expect((await failureOf(provider.fetchRun('acme/hidden', String(id)))).kind).toBe('not_found');
    github.verify();
  });

  it('does not take a 404 as gone when the second question fails', async () => {
    const { id } = github.addRun('acme/shop');
    github.deleteRun('acme/shop', id);
    const held = Promise.withResolvers<void>();
    github.fault({ kind: 'wait', until: held.promise }, { times: 1 });
    const failing = failureOf(connect(github.url).provider.fetchRun('acme/shop', String(id)));
    await expect.poll(() => github.requests.length).toBe(1);
    github.fault({ kind: 'status', status: 503 });
    held.resolve();
    expect((await failing).kind).toBe('unavailable');
  });
});

describe('probe', () => {
  it('asks for one run, and tells what was seen', async () => {
    github.addRepository('acme/empty');
    github.addRun('acme/shop');
    github.addRun('acme/shop');
    const { provider } = connect(github.url);
    expect(await provider.probe('acme/shop')).toBe(
      'without credentials, sees the workflow runs of acme/shop',
    );
    expect(await provider.probe('acme/empty')).toBe(
      'without credentials, sees no workflow runs of acme/empty yet',
    );
    expect(sent()[0]).toBe('GET /repos/acme/shop/actions/runs?per_page=1&exclude_pull_requests=true');
    github.verify();
  });
});

describe('a name that is none of GitHub', () => {
  it.each([
    'acme',
    'acme/shop/x',
    '../..',
    '../shop',
    './.',
    'acme/..',
    'acme/',
    '/shop',
    'acme/sh op',
    'acme/shop?x',
    'acme/%2e%2e',
  ])('is refused before anything is sent: %s', async (name) => {
    const { kind, message } = await failureOf(connect(github.url).provider.fetchRuns(name));
    expect([kind, message]).toEqual(['not_found', expect.stringContaining('expected OWNER/NAME')]);
    expect(github.requests).toEqual([]);
  });

  it.each(['', '1/../2', '-1', 'x'])('is refused as the id of a run: %j', async (id) => {
    const { provider } = connect(github.url);
    expect((await failureOf(provider.fetchRun('acme/shop', id))).kind).toBe('not_found');
    expect(github.requests).toEqual([]);
  });
});

describe('a GitHub Enterprise server', () => {
  it.each(['', '/', '//'])('is asked below its path, written with %j at the end', async (end) => {
    const server = await createFakeGitHub({ basePath: '/api/v3' });
    server.addRun('acme/shop');
    const page = await connect(server.url + end).provider.fetchRuns('acme/shop');
    expect(page).toMatchObject({ runs: [{ branch: 'main' }] });
    await server.close();
    server.verify();
  });
});

describe('a renamed repository', () => {
  it('is followed to its new address', async () => {
    github.addRun('acme/shop');
    github.fault(
      { kind: 'status', status: 301, headers: { location: '/repos/acme/shop/actions/runs?per_page=100' } },
      { times: 1 },
    );
    expect(await connect(github.url).provider.fetchRuns('acme/old-name')).toMatchObject({ runs: [{}] });
  });
});
