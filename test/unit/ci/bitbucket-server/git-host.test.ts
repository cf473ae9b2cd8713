import { describe, expect, it } from 'vitest';
import { createServerPullRequest } from '../../../fixtures/bitbucket-server/fake-bitbucket-server.ts';
import { NOW, serve } from '../../../fixtures/bitbucket-server/connect.ts';
import { failureOf } from '../../../contract/ci/upstream.ts';

describe('a pull request', () => {
  it('is known by its full head commit and its branch', async () => {
    const { server, ports } = await serve();
    server.data.pullRequests = [createServerPullRequest(3, 'own')];
    expect(await ports.gitHost.fetchPullRequest('SHOP/front', '3')).toEqual({
      kind: 'known',
      openedAfter: NOW + 3 * 60_000 - 1000,
      headRepositoryId: '1',
      headBranch: 'feature-3',
      headCommit: '3'.padStart(40, '0'),
      origin: 'own',
    });
  });

  it('from a tag has no branch', async () => {
    const { server, ports } = await serve();
    const { fromRef, ...rest } = createServerPullRequest(3, 'own');
    server.data.pullRequests = [{ ...rest, fromRef: { ...fromRef, id: 'refs/tags/main' } }];
    expect(await ports.gitHost.fetchPullRequest('SHOP/front', '3')).toMatchObject({ headBranch: null });
  });

  it('is read from a personal repository, too', async () => {
    const { server, ports } = await serve('~jo.doe/front');
    server.data.pullRequests = [createServerPullRequest(3, 'own')];
    expect(await ports.gitHost.fetchPullRequest('~jo.doe/front', '3')).toMatchObject({ origin: 'own' });
  });
});

describe('the list of open pull requests', () => {
  it('starts each page where the server says, which limits pages as it likes', async () => {
    const { server, ports } = await serve();
    server.data.pullRequests = Array.from({ length: 3 }, (_, i) => createServerPullRequest(i + 1, 'own'));
    const values = [createServerPullRequest(3, 'own')];
    server.fault({ kind: 'alter', body: JSON.stringify({ values, isLastPage: false, nextPageStart: 17 }) });
    expect(await ports.gitHost.fetchOpenPullRequests('SHOP/front')).toMatchObject({ next: '17' });
  });

  it.each([{ nextPageStart: null }, { nextPageStart: 0 }, {}])(
    'is a failure if it never ends: %o',
    async (paging) => {
      const { server, ports } = await serve();
      server.fault({ kind: 'alter', body: JSON.stringify({ values: [], isLastPage: false, ...paging }) });
      const failure = await failureOf(ports.gitHost.fetchOpenPullRequests('SHOP/front'));
      expect(failure.kind).toBe('malformed');
    },
  );
});

describe('a wrong url', () => {
  it('without the context path is named as such', async () => {
    const { ports } = await serve('SHOP/front', '/wrong');
    const { kind, message } = await failureOf(ports.gitHost.probe('SHOP/front'));
    expect([kind, message]).toEqual([
      'malformed',
      expect.stringContaining('which includes the context path'),
    ]);
  });
});

describe('a repository', () => {
  it.each(['front', 'acme/web/shop', 'SHOP/..', '../front', '~/front'])(
    '%j is not requested',
    async (name) => {
      const { server, ports } = await serve();
      const failure = await failureOf(ports.gitHost.probe(name));
      expect(failure).toMatchObject({ kind: 'not_found', message: expect.stringContaining('PROJECT/NAME') });
      expect(server.requests).toEqual([]);
    },
  );
});

describe('the provider of a host without a CI', () => {
  it('proves that the repository can be read, and lists no runs', async () => {
    const { server, ports } = await serve();
    expect(await ports.provider.probe('SHOP/front')).toBe('sees SHOP/front');
    const { message } = await failureOf(ports.provider.fetchRuns('SHOP/front'));
    expect(message).toContain('set builds: statuses in the project');
    expect(server.requests).toHaveLength(1);
  });
});
