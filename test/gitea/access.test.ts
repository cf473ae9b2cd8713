/** Failures of a real Gitea: credentials, scopes, hidden repositories, wrong URLs. */
import { describe, expect, inject, it } from 'vitest';
import type { UpstreamFailure } from '../../src/errors.ts';
import { UpstreamError } from '../../src/errors.ts';
import { connectGitea } from '../fixtures/gitea/connect.ts';
import { Forge } from '../fixtures/gitea/forge.ts';

const gitea = inject('gitea');

async function failureOf(call: Promise<unknown>): Promise<UpstreamFailure> {
  const error = await call.then(
    () => new Error('expected a failure'),
    (reason: unknown) => reason,
  );
  if (error instanceof UpstreamError) return error.failure;
  throw error;
}

describe.skipIf(gitea === undefined)('Gitea', () => {
  const forge = new Forge(gitea ?? { url: '', token: '' });

  it('accepts a token with read:repository for every port', async () => {
    const shop = await forge.createShop();
    const token = await forge.createToken(shop.owner.name, ['read:repository']);
    const { provider, gitHost, statuses, pushLog, inspector } = connectGitea(forge.url, token);
    const { repository } = shop;
    const { run, commit } = await shop.build('main');
    expect(await provider.probe(repository)).toBe(`sees the workflow runs of ${repository}`);
    expect(await provider.fetchRun(repository, String(run.id))).toMatchObject({ state: 'success' });
    await gitHost.probe(repository);
    expect(await statuses.fetchStatuses(repository, commit)).toMatchObject({ statuses: expect.any(Array) });
    expect(await pushLog.fetchBranchPushes(repository, 'main')).toMatchObject({
      pushes: [{ commit }, {}, {}],
    });
    expect(await inspector.fetchWorkflows(repository)).toEqual([{ path: 'build.yml', disabled: null }]);
  });

  it('requires a token for the list of runs, also of a public repository', async () => {
    const shop = await forge.createShop();
    const { provider } = connectGitea(forge.url, undefined);
    const failure = await failureOf(provider.fetchRuns(shop.repository));
    expect(failure).toMatchObject({
      kind: 'denied',
      message: expect.stringContaining('give connection "forge" a token'),
    });
  });

  it('does not accept a wrong token', async () => {
    const shop = await forge.createShop();
    const { provider } = connectGitea(forge.url, '0'.repeat(40));
    expect(await failureOf(provider.fetchRuns(shop.repository))).toMatchObject({
      kind: 'denied',
      message: expect.stringContaining('wrong, expired or revoked'),
    });
  });

  it('names the scope that a token lacks', async () => {
    const shop = await forge.createShop();
    const token = await forge.createToken(shop.owner.name, ['read:user']);
    const { provider } = connectGitea(forge.url, token);
    expect(await failureOf(provider.fetchRuns(shop.repository))).toMatchObject({
      kind: 'denied',
      message: expect.stringContaining('it needs the scope "read:repository"'),
    });
  });

  it('hides a private repository from a stranger', async () => {
    const shop = await forge.createShop();
    await shop.call('PATCH', '', { private: true });
    const { token } = await forge.createAccount();
    const { provider } = connectGitea(forge.url, token);
    for (const call of [
      () => provider.fetchRuns(shop.repository),
      () => provider.probe(shop.repository),
      () => provider.fetchRun(shop.repository, '1'),
    ]) {
      expect((await failureOf(call())).kind).toBe('not_found');
    }
  });

  it('denies a reader the runs of a repository without Actions', async () => {
    const shop = await forge.createShop();
    await shop.call('PATCH', '', { has_actions: false });
    const { token } = await forge.createAccount();
    const { provider } = connectGitea(forge.url, token);
    expect(await failureOf(provider.fetchRuns(shop.repository))).toMatchObject({
      kind: 'denied',
      message: expect.stringContaining('switched off'),
    });
  });

  it("is not found without the instance's path", async () => {
    const shop = await forge.createShop();
    const { provider } = connectGitea(new URL(forge.url).origin, shop.owner.token);
    const { message } = await failureOf(provider.probe(shop.repository));
    expect(message).toMatch(/check its path|web page|check the connection's url/);
  });
});
