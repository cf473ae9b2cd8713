import { describe, expect, it } from 'vitest';
import { createPipeline } from '../../../fixtures/woodpecker/data.ts';
import { REPOSITORY, serveWoodpecker } from '../../../fixtures/woodpecker/connect.ts';
import { failureOf } from '../../../fixtures/github/connect.ts';

const PULL_REQUEST = { event: 'pull_request', ref: 'refs/pull/7/head', refspec: 'feature:main' };

describe('the repository', () => {
  it('is looked up once, and its pipelines are requested by its number', async () => {
    const { provider, sent } = await serveWoodpecker();
    await Promise.all([provider.fetchRuns(REPOSITORY), provider.fetchRuns(REPOSITORY, '2')]);
    await provider.fetchRun(REPOSITORY, '1');
    expect(sent().filter((url) => url.includes('lookup'))).toHaveLength(2);
    expect(sent()).toContain('/api/repos/11/pipelines?page=2&perPage=50');
  });

  it('is looked up again after it was removed and added', async () => {
    const { server, provider } = await serveWoodpecker();
    await provider.fetchRuns(REPOSITORY);
    server.data.repositoryId = 12;
    server.data.pipelines.push(createPipeline({ number: 1 }));
    expect((await failureOf(provider.fetchRuns(REPOSITORY))).kind).toBe('not_found');
    expect(await provider.fetchRuns(REPOSITORY)).toMatchObject({ runs: [{ id: '1' }] });
  });

  it('is below the root path of the server', async () => {
    const { server, provider, sent } = await serveWoodpecker('sesame', '/woodpecker');
    await provider.fetchRuns(REPOSITORY);
    expect(sent()[0]).toBe('/woodpecker/api/repos/lookup/acme/shop');
    server.verify();
  });

  it('is one repository whatever the case of its name', async () => {
    const { provider } = await serveWoodpecker();
    expect(provider.repositoryKey('Acme/Shop')).toBe(provider.repositoryKey('acme/shop'));
  });
});

describe("a branch's list", () => {
  it('has no pull requests into the branch', async () => {
    const { server, provider } = await serveWoodpecker();
    server.data.pipelines.push(
      createPipeline({ number: 1 }),
      createPipeline({ number: 2, ...PULL_REQUEST }),
      createPipeline({ number: 3, event: 'manual' }),
    );
    const { runs } = await provider.fetchBranchRuns(REPOSITORY, 'main');
    expect(runs.map(({ id }) => id)).toEqual(['3', '1']);
    server.verify();
  });

  it('keeps to the branch, although a server before 3.0 ignores the filter', async () => {
    const { server, provider } = await serveWoodpecker();
    const all = [3, 2, 1].map((number) => createPipeline({ number, branch: number === 2 ? 'main' : 'Main' }));
    await provider.probe(REPOSITORY);
    server.fault({ kind: 'alter', body: JSON.stringify(all) }, { path: /\/pipelines\?/ });
    const { runs } = await provider.fetchBranchRuns(REPOSITORY, 'main');
    expect(runs.map(({ id }) => id)).toEqual(['2']);
  });
});

describe("a pull request's list", () => {
  it('has its own runs only, whatever numbers refs contain', async () => {
    const { server, provider } = await serveWoodpecker();
    server.data.pipelines.push(
      createPipeline({ number: 1, ...PULL_REQUEST }),
      createPipeline({ number: 2, ...PULL_REQUEST, ref: 'refs/pull/77/head' }),
      createPipeline({ number: 3, branch: 'release/7/x' }),
    );
    const page = await provider.fetchPullRequestRuns?.(REPOSITORY, '7');
    expect(page?.runs.map(({ id }) => id)).toEqual(['1']);
    server.verify();
  });
});

describe('failures', () => {
  it('say that the token is wrong, although the body is empty', async () => {
    const { provider } = await serveWoodpecker('wrong');
    const failure = await failureOf(provider.probe(REPOSITORY));
    expect(failure).toMatchObject({ kind: 'denied' });
    expect(failure.message).toContain('does not accept the token of connection "ci"');
  });

  it('ask for a token where there is none', async () => {
    const { provider } = await serveWoodpecker('');
    const anonymous = await failureOf(provider.probe(REPOSITORY));
    expect(anonymous.kind).toBe('denied');
  });

  it('say of a web page in place of the API that the url is wrong', async () => {
    const { server, provider } = await serveWoodpecker();
    server.fault({ kind: 'status', status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' });
    const failure = await failureOf(provider.probe(REPOSITORY));
    expect(failure.kind).toBe('malformed');
    expect(failure.message).toContain('check the url of connection');
  });
});
