import { describe, expect, it } from 'vitest';
import { failureOf } from '../../../contract/ci/upstream.ts';
import { FORK_ID } from '../../../fixtures/gitlab/data.ts';
import { connect, REPOSITORY, serve, takeRequests } from '../../../fixtures/gitlab/connect.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('the list of pipelines', () => {
  it('is unfiltered, one hundred at a time, below the encoded path of the project', async () => {
    const gitlab = await serve();
    await connect(gitlab.url).provider.fetchRuns(REPOSITORY, '2');
    expect(gitlab.requests.map(({ url }) => url)).toEqual([
      '/api/v4/projects/acme%2Fweb%2Fshop/pipelines?per_page=100&page=2',
    ]);
  });

  it('has no total and goes on if GitLab does not count it (over 10,000)', async () => {
    const gitlab = await serve();
    for (let count = 0; count < 10_001; count++) gitlab.addPipeline(REPOSITORY, { ref: 'refs/workloads/1' });
    const page = await connect(gitlab.url).provider.fetchRuns(REPOSITORY);
    expect(page).toMatchObject({ total: undefined, next: '2' });
  });

  it('is incomplete if it ends before its total', async () => {
    const gitlab = await serve();
    gitlab.addPipeline(REPOSITORY);
    gitlab.fault({ kind: 'alter', headers: { 'x-total': '3' } });
    const failure = await failureOf(connect(gitlab.url).provider.fetchRuns(REPOSITORY));
    expect(failure).toMatchObject({ kind: 'malformed', message: expect.stringContaining('half a page') });
  });

  it('may be one short, since GitLab counts by another query', async () => {
    const gitlab = await serve();
    gitlab.addPipeline(REPOSITORY);
    gitlab.fault({ kind: 'alter', headers: { 'x-total': '2' } }, { path: /pipelines\?/ });
    expect(await connect(gitlab.url).provider.fetchRuns(REPOSITORY)).toMatchObject({ short: true, total: 2 });
  });

  it('goes on after a full page if a proxy drops the paging headers', async () => {
    const gitlab = await serve();
    for (let count = 0; count < 100; count++) gitlab.addPipeline(REPOSITORY, { ref: 'refs/workloads/1' });
    const all = [...gitlab.project(REPOSITORY).pipelines].toReversed();
    gitlab.fault({ kind: 'status', status: 200, headers: JSON_TYPE, body: JSON.stringify(all) });
    expect(await connect(gitlab.url).provider.fetchRuns(REPOSITORY)).toMatchObject({ next: '2' });
  });
});

describe("a pipeline's state", () => {
  it.each([
    ['success', 'success'],
    ['created', 'running'],
    ['waiting_for_resource', 'running'],
    ['waiting_for_callback', 'running'],
    ['preparing', 'running'],
    ['pending', 'running'],
    ['canceling', 'running'],
    ['scheduled', 'running'],
    ['manual', 'blocked'],
    ['skipped', 'skipped'],
    ['failed', 'unsuccessful'],
    ['canceled', 'unsuccessful'],
    ['a word of a later version', 'unsuccessful'],
  ])('%s is %s', async (status, state) => {
    const gitlab = await serve();
    const { id } = gitlab.addPipeline(REPOSITORY, { status });
    const run = await connect(gitlab.url).provider.fetchRun(REPOSITORY, String(id));
    expect(run).toMatchObject({ state, outcome: status });
  });
});

describe("a branch's list", () => {
  it("leaves out a fork's pipelines of merge requests whose source branch has its name", async () => {
    const gitlab = await serve({ includesReservedRefs: true });
    gitlab.addMergeRequest(REPOSITORY, 9, { source_branch: 'feature', source_project_id: FORK_ID });
    const own = gitlab.addPipeline(REPOSITORY, { ref: 'feature' });
    gitlab.addPipeline(REPOSITORY, { ref: 'refs/merge-requests/9/head', source: 'merge_request_event' });
    const page = await connect(gitlab.url).provider.fetchBranchRuns(REPOSITORY, 'feature');
    expect(page.runs.map(({ id }) => id)).toEqual([String(own.id)]);
    // GitLab's total counts both.
    expect(page.total).toBeUndefined();
  });
});

describe("a merge request's list", () => {
  it("shows neither pipelines of the fork's project nor those of its branch", async () => {
    const gitlab = await serve();
    const ref = 'refs/merge-requests/9/head';
    gitlab.addMergeRequest(REPOSITORY, 9, { source_branch: 'feature' });
    const given = { ref, source: 'merge_request_event' };
    const own = gitlab.addPipeline(REPOSITORY, given);
    gitlab.addPipeline(REPOSITORY, { ref: 'feature' });
    gitlab.project(REPOSITORY).forkPipelines.push({ ...own, id: own.id + 10, project_id: FORK_ID });
    const page = await connect(gitlab.url).provider.fetchPullRequestRuns?.(REPOSITORY, '9');
    expect(page?.runs).toMatchObject([{ id: String(own.id), pullRequest: '9', origin: 'unknown' }]);
    expect(page?.next).toBeUndefined();
  });

  it('is empty for a number that another Git host gave', async () => {
    const gitlab = await serve();
    expect(await connect(gitlab.url).provider.fetchPullRequestRuns?.(REPOSITORY, '404')).toEqual({
      runs: [],
    });
  });
});

describe('events', () => {
  it.each(['security_orchestration_policy', 'ondemand_dast_scan', 'schedule', 'external'])(
    'of source %s keep their word, and do not count by default',
    async (source) => {
      const gitlab = await serve();
      const { id } = gitlab.addPipeline(REPOSITORY, { source });
      const run = await connect(gitlab.url).provider.fetchRun(REPOSITORY, String(id));
      expect(run).toMatchObject({ event: source });
    },
  );

  it('of a child pipeline are not listed', async () => {
    const gitlab = await serve();
    gitlab.addPipeline(REPOSITORY, { source: 'parent_pipeline' });
    expect(await connect(gitlab.url).provider.fetchRuns(REPOSITORY)).toMatchObject({ runs: [], total: 0 });
  });
});

describe('the address', () => {
  it('may be a relative URL root', async () => {
    const gitlab = await serve({ basePath: '/gitlab' });
    gitlab.addPipeline(REPOSITORY);
    expect(await connect(gitlab.url).provider.probe(REPOSITORY)).toBe(`sees the pipelines of ${REPOSITORY}`);
  });

  it('of a moved project leads to its new one on the same host', async () => {
    const gitlab = await serve({ moved: { 'acme/old': REPOSITORY } });
    gitlab.addPipeline(REPOSITORY);
    expect(await connect(gitlab.url).provider.fetchRuns('acme/old')).toMatchObject({ runs: [{}] });
    expect(takeRequests(gitlab)[0]).toBe('pipelines?per_page=100&page=1');
  });

  it('is said to be wrong if a sign-in page answers', async () => {
    const gitlab = await serve();
    const headers = { 'content-type': 'text/html' };
    gitlab.fault({ kind: 'status', status: 200, headers, body: '<html>Sign in</html>' });
    const { message } = await failureOf(connect(gitlab.url).provider.probe(REPOSITORY));
    expect(message).toContain('check the url of connection "lab"');
  });

  it.each(['acme', 'acme/..', 'acme/a b', 'acme//shop'])('is never made of %j', async (repository) => {
    const gitlab = await serve();
    const failure = await failureOf(connect(gitlab.url).provider.probe(repository));
    expect([failure.kind, gitlab.requests.length]).toEqual(['not_found', 0]);
  });
});

describe('the probe', () => {
  it('names the version that is needed', async () => {
    const gitlab = await serve();
    const { iid: _, ...old } = gitlab.addPipeline(REPOSITORY);
    gitlab.fault({ kind: 'status', status: 200, headers: JSON_TYPE, body: JSON.stringify([old]) });
    const { message } = await failureOf(connect(gitlab.url).provider.probe(REPOSITORY));
    expect(message).toContain('since version 14.6: upgrade it');
  });
});
