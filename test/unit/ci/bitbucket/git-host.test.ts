import { describe, expect, it } from 'vitest';
import { createPullRequest, hashOf } from '../../../fixtures/bitbucket/data.ts';
import { serve } from '../../../fixtures/bitbucket/connect.ts';
import { failureOf } from '../../../contract/ci/upstream.ts';

describe('a pull request', () => {
  it('has no head commit, since Bitbucket gives 12 digits of it', async () => {
    const { server, ports } = await serve();
    server.data.pullRequests = [createPullRequest(3, 'own')];
    expect(await ports.gitHost.fetchPullRequest('acme/shop', '3')).toMatchObject({
      headCommit: null,
      headBranch: 'feature-3',
      origin: 'own',
    });
  });

  it('has the head commit if Bitbucket gives all of it', async () => {
    const { server, ports } = await serve();
    const { source, ...rest } = createPullRequest(3, 'own');
    server.data.pullRequests = [{ ...rest, source: { ...source, commit: { hash: hashOf(3) } } }];
    expect(await ports.gitHost.fetchPullRequest('acme/shop', '3')).toMatchObject({ headCommit: hashOf(3) });
  });

  it('is foreign if its repository was deleted', async () => {
    const { server, ports } = await serve();
    server.data.pullRequests = [createPullRequest(3, 'deleted')];
    const head = await ports.gitHost.fetchPullRequest('acme/shop', '3');
    expect(head).toMatchObject({ origin: 'foreign', headRepositoryId: null });
  });
});

describe('the list of open pull requests', () => {
  it('is requested in pages of 50, since Bitbucket refuses longer ones', async () => {
    const { server, ports } = await serve();
    server.data.pullRequests = Array.from({ length: 60 }, (_, i) => createPullRequest(i + 1, 'own'));
    const first = await ports.gitHost.fetchOpenPullRequests('acme/shop');
    expect(first).toMatchObject({ next: '2' });
    expect(first === 'unchanged' ? 0 : first.pullRequests.length).toBe(50);
  });

  it('keeps the number of one that cannot be read', async () => {
    const { server, ports } = await serve();
    const { destination: _, ...odd } = createPullRequest(4, 'own');
    server.data.pullRequests = [createPullRequest(3, 'own'), odd as never];
    expect(await ports.gitHost.fetchOpenPullRequests('acme/shop')).toMatchObject({
      pullRequests: [{ number: '3', author: 'jo', labels: [], isDraft: false }],
      unread: [{ number: '4', problem: 'a field values.destination' }],
    });
  });
});

describe('the probe', () => {
  it('is not content with a web page', async () => {
    const { server, ports } = await serve();
    server.fault({ kind: 'status', status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' });
    expect((await failureOf(ports.gitHost.probe('acme/shop'))).kind).toBe('malformed');
  });
});
