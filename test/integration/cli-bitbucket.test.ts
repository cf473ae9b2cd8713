/** `greenpin resolve` and `check` with Bitbucket Cloud and Bitbucket Data Center. */
import { describe, expect, test } from 'vitest';
import {
  createPipeline,
  createPullRequest,
  createPullRequestTarget,
  createRefTarget,
  hashOf,
  STATES,
} from '../fixtures/bitbucket/data.ts';
import { createFakeBitbucket } from '../fixtures/bitbucket/fake-bitbucket.ts';
import {
  createFakeBitbucketServer,
  createServerBuild,
  createServerPullRequest,
  pushToServer,
} from '../fixtures/bitbucket-server/fake-bitbucket-server.ts';
import { createCliHarness, type CliHarness } from '../fixtures/cli/harness.ts';
import { imageManifest, LINUX_AMD64 } from '../fixtures/registry/images.ts';

function pushImage({ registry }: CliHarness, commit: string): string {
  const image = imageManifest('oci', LINUX_AMD64, { name: 'front', commit });
  return registry.push('acme/front', commit, image);
}

async function serveCloud(harness: CliHarness, project: object = {}) {
  const server = await createFakeBitbucket('acme/shop', 'Bearer sesame');
  harness.configure({
    connections: { bit: { kind: 'bitbucket', url: server.url, tokenEnv: 'BITBUCKET_TOKEN' } },
    projects: {
      shop: {
        repository: 'acme/shop',
        images: { front: `${harness.registry.host}/acme/front:{commit}` },
        ...project,
      },
    },
  });
  return server;
}

const ENV = { BITBUCKET_TOKEN: 'sesame' };

describe('Bitbucket Cloud', () => {
  test('a push and a pull request that built one commit must both be green', async () => {
    await using harness = await createCliHarness();
    const server = await serveCloud(harness);
    const selector = { type: 'branches', pattern: 'feat/*' };
    const push = (number: number) =>
      createPipeline(number, { target: { ...createRefTarget('feature', number), selector } });
    const target = createPullRequestTarget('feature', 3, 2);
    server.data.pullRequests = [createPullRequest(3, 'own')];
    server.data.pipelines = [createPipeline(3, { target, state: STATES.unsuccessful }), push(2), push(1)];
    const digest = pushImage(harness, hashOf(1));
    const args = ['resolve', '-b', 'feature', '--number', '3', '--head-sha', hashOf(1).slice(0, 12)];
    const { status, stdout, stderr } = await harness.run(args, ENV);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('pull-requests:** FAILED (pull_request)');
    expect(stdout).toContain('green: branches:feat/* SUCCESSFUL (push); used');
    expect(stdout).toContain(`digestFront  ${digest}`);
    await server.close();
    server.verify();
  });

  test("a pull request's head is known by the 12 digits that Argo CD passes on", async () => {
    await using harness = await createCliHarness();
    const server = await serveCloud(harness);
    const commit = 'c0ffee'.padEnd(40, '1');
    const target = { ...createRefTarget('feature', 1), commit: { type: 'commit', hash: commit } as const };
    server.data.pipelines = [createPipeline(1, { target })];
    server.data.pullRequests = [createPullRequest(3, 'own')];
    pushImage(harness, commit);
    const args = ['resolve', '-b', 'feature', '--number', '3', '--head-sha', commit.slice(0, 12), '--json'];
    const { status, stdout } = await harness.run(args, ENV);
    expect([status, JSON.parse(stdout)]).toMatchObject([
      0,
      { answer: { parameters: [{ build: { commit, isHead: 'true' } }] } },
    ]);
    await server.close();
    server.verify();
  });

  test('check proves that pipelines and pull requests can be read', async () => {
    await using harness = await createCliHarness();
    const server = await serveCloud(harness);
    server.data.pipelines = [createPipeline(1)];
    const { stdout } = await harness.run(['check'], ENV);
    expect(stdout).toContain('sees the pipelines of acme/shop');
    expect(stdout).toContain('may read pull requests');
    await server.close();
    server.verify();
  });
});

describe('Bitbucket Data Center', () => {
  test('a commit is a build when its statuses are successful for the repository', async () => {
    await using harness = await createCliHarness();
    const server = await createFakeBitbucketServer('SHOP/front', 'sesame');
    harness.configure({
      connections: { bit: { kind: 'bitbucket-server', url: server.url, tokenEnv: 'BITBUCKET_TOKEN' } },
      projects: {
        shop: {
          builds: 'statuses',
          statuses: ['build'],
          repository: 'SHOP/front',
          images: { front: `${harness.registry.host}/acme/front:{commit}` },
        },
      },
    });
    const [old, newer] = ['a1'.repeat(20), 'b2'.repeat(20)];
    for (const [i, commit] of [old, newer].entries()) {
      pushToServer(server, 'feature', commit, Date.parse('2026-01-01T00:00:00Z') + i * 60_000);
    }
    server.data.pullRequests = [createServerPullRequest(3, 'own')];
    const digest = pushImage(harness, old);
    pushImage(harness, newer);
    server.data.builds = [
      createServerBuild(old, 'build', 'SUCCESSFUL'),
      // For a fork, which has the commit, too.
      createServerBuild(newer, 'build', 'SUCCESSFUL', 2),
    ];
    const args = ['resolve', '-b', 'feature', '--number', '3', '--head-sha', newer];
    const { status, stdout, stderr } = await harness.run(args, ENV);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('not set for this repository');
    expect(stdout).toContain(`digestFront  ${digest}`);
    const check = await harness.run(['check'], ENV);
    expect(check.stdout).toContain('may read pull requests');
    await server.close();
    server.verify();
  });
});
