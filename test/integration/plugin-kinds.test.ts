/** The plugin over HTTP with CI systems beside GitHub Actions: one story, told in each system's own data. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { composeService } from '../../src/compose/service.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/log/logger.ts';
import {
  createFakeBuild,
  createFakePullRequest,
  FORK_ID,
  pullRequestParts,
  REPOSITORY,
} from '../fixtures/azure-devops/data.ts';
import { createFakeAzureDevOps } from '../fixtures/azure-devops/fake-azure-devops.ts';
import * as bitbucketData from '../fixtures/bitbucket/data.ts';
import { createFakeBitbucket } from '../fixtures/bitbucket/fake-bitbucket.ts';
import type { FakeServer } from '../fixtures/fake-server.ts';
import { FORK } from '../fixtures/github/data.ts';
import { createFakeGitHub } from '../fixtures/github/fake-github.ts';
import { FORK_ID as GITLAB_FORK } from '../fixtures/gitlab/data.ts';
import { createFakeGitLab } from '../fixtures/gitlab/fake-gitlab.ts';
import { branchRevision, createBuild, pullRevision } from '../fixtures/jenkins/data.ts';
import { createJenkinsServer } from '../fixtures/jenkins/server.ts';
import { createFakeRegistry } from '../fixtures/registry/fake-registry.ts';
import { imageManifest, LINUX_AMD64 } from '../fixtures/registry/images.ts';

const PIPELINE_JOB = 'org.jenkinsci.plugins.workflow.job.WorkflowJob';
const START = Date.parse('2026-01-01T06:00:00Z');
const TOKEN = 'sesame';
const GREENPIN_TOKEN = 'open';

/** A CI system with its Git host. Builds are numbered by time. */
interface World {
  readonly servers: readonly FakeServer[];
  /** Sections of the configuration. */
  readonly connections: object;
  readonly project: object;
  /** How Argo CD's generator shortens the head. Default: it does not. */
  readonly headDigits?: number;
  push(number: number, branch: string, isGreen: boolean): void;
  /** Opens the pull request, and builds its head. @returns the commit that CI has checked out */
  openPullRequest(number: number, branch: string, head: 'own' | 'fork'): string;
}

function commitOf(number: number): string {
  return number.toString(16).padStart(2, '0').repeat(20);
}

async function createGitLabWorld(now: () => number): Promise<World> {
  const gitlab = await createFakeGitLab({ token: TOKEN, now });
  const path = 'acme/web/shop';
  gitlab.project(path);
  return {
    servers: [gitlab],
    connections: { ci: { kind: 'gitlab', url: gitlab.url, tokenEnv: 'TOKEN' } },
    project: { repository: path },
    push: (number, ref, isGreen) =>
      gitlab.addPipeline(path, { sha: commitOf(number), ref, status: isGreen ? 'success' : 'failed' }),
    openPullRequest(number, branch, head) {
      const sha = commitOf(number);
      const fork = head === 'fork' ? { source_project_id: GITLAB_FORK } : {};
      gitlab.addMergeRequest(path, number, { source_branch: branch, sha, ...fork });
      gitlab.addPipeline(path, {
        sha,
        ref: `refs/merge-requests/${number}/head`,
        source: 'merge_request_event',
      });
      return sha;
    },
  };
}

async function createAzureWorld(now: () => number): Promise<World> {
  const azure = await createFakeAzureDevOps({ token: TOKEN, now });
  const { data } = azure;
  return {
    servers: [azure],
    connections: { ci: { kind: 'azure-devops', url: azure.url, tokenEnv: 'TOKEN' } },
    project: { repository: REPOSITORY },
    push(number, branch, isGreen) {
      const result = isGreen ? 'succeeded' : 'failed';
      const changes = { sourceBranch: `refs/heads/${branch}`, sourceVersion: commitOf(number), result };
      data.builds.push(createFakeBuild(number, changes));
    },
    openPullRequest(number, branch, head) {
      const isFork = head === 'fork';
      const parts = pullRequestParts(String(number), commitOf(number), isFork ? 'True' : 'False');
      // CI builds the merge of the head.
      const merge = commitOf(number + 100);
      data.builds.push(createFakeBuild(number, { ...parts, sourceVersion: merge }));
      data.pullRequests.push(
        createFakePullRequest(number, {
          sourceRefName: `refs/heads/${branch}`,
          lastMergeSourceCommit: { commitId: commitOf(number) },
          ...(isFork && ({ forkSource: { repository: { id: FORK_ID } } } as object)),
        }),
      );
      return merge;
    },
  };
}

function bitbucketCommit(number: number) {
  return { type: 'commit', hash: commitOf(number) } as const;
}

async function createBitbucketWorld(now: () => number): Promise<World> {
  const bitbucket = await createFakeBitbucket('acme/shop', `Bearer ${TOKEN}`, { now });
  const { data } = bitbucket;
  const { createPipeline, createPullRequest, createPullRequestTarget, createRefTarget, STATES } =
    bitbucketData;
  return {
    servers: [bitbucket],
    connections: { ci: { kind: 'bitbucket', url: bitbucket.url, tokenEnv: 'TOKEN' } },
    project: { repository: 'acme/shop' },
    headDigits: 12,
    push(number, branch, isGreen) {
      const target = { ...createRefTarget(branch, number), commit: bitbucketCommit(number) };
      const state = isGreen ? STATES.success : STATES.unsuccessful;
      data.pipelines.unshift(createPipeline(number, { target, state }));
    },
    openPullRequest(number, branch, head) {
      const opened = createPullRequest(number, head);
      const source = {
        ...opened.source,
        branch: { name: branch },
        commit: { hash: commitOf(number).slice(0, 12) },
      };
      data.pullRequests.unshift({ ...opened, source });
      // Bitbucket never builds forks.
      if (head === 'own') {
        const target = {
          ...createPullRequestTarget(branch, number, number),
          commit: bitbucketCommit(number),
        };
        data.pipelines.unshift(createPipeline(number, { target }));
      }
      return commitOf(number);
    },
  };
}

async function createJenkinsWorld(now: () => number): Promise<World> {
  const jenkins = await createJenkinsServer('acme/shop', TOKEN);
  const github = await createFakeGitHub({ token: TOKEN, now });
  github.addRepository('acme/shop');
  const add = (name: string, build: Parameters<typeof createBuild>[0]) => {
    const { data } = jenkins;
    const job = data.jobs.find((each) => each.name === name);
    if (job !== undefined) job.builds.unshift(createBuild(build, name));
    else {
      data.jobs = [...data.jobs, { _class: PIPELINE_JOB, name, builds: [createBuild(build, name)] }];
    }
  };
  return {
    servers: [jenkins, github],
    connections: {
      ci: { kind: 'jenkins', url: jenkins.url, username: 'bot', tokenEnv: 'TOKEN' },
      host: { kind: 'github', url: github.url, tokenEnv: 'TOKEN' },
    },
    project: { ci: 'ci', git: 'host', repository: 'acme/shop', workflows: ['acme/shop'] },
    push: (number, branch, isGreen) =>
      add(branch, {
        number,
        result: isGreen ? 'SUCCESS' : 'FAILURE',
        actions: [branchRevision(commitOf(number), branch)],
      }),
    openPullRequest(number, branch, head) {
      const sha = commitOf(number);
      add(`PR-${number}`, { number, actions: [pullRevision(sha, `PR-${number}`)] });
      github.addPullRequest('acme/shop', number, head === 'fork' ? FORK : undefined);
      github.updatePullRequest('acme/shop', number, { ref: branch, sha });
      return sha;
    },
  };
}

/** The plugin with the world, a registry with an image of each commit, and a clock. */
async function createStory(create: (now: () => number) => Promise<World>) {
  let passed = 0;
  const now = () => START + passed;
  const world = await create(now);
  const registry = await createFakeRegistry({});
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-kinds-'));
  writeFileSync(join(folder, 'token'), GREENPIN_TOKEN);
  const document = {
    server: { host: '127.0.0.1', port: 0, tokenFile: 'token' },
    management: { host: '127.0.0.1', port: 0 },
    store: { kind: 'memory' },
    connections: world.connections,
    projects: { shop: { ...world.project, images: { front: `${registry.host}/acme/front:{commit}` } } },
  };
  const env = { TOKEN };
  const config = loadConfig({
    file: join(folder, 'greenpin.yaml'),
    readFile: () => JSON.stringify(document),
    env,
  });
  const stopping = new AbortController();
  const logger = createLogger('error', { write: () => undefined });
  const service = composeService(config, {
    env,
    now,
    elapsed: now,
    logger,
    version: '0.0.0-test',
    stopping: stopping.signal,
  });
  const { server: url } = await service.start();
  return {
    world,
    pushImage: (commit: string) =>
      registry.push('acme/front', commit, imageManifest('oci', LINUX_AMD64, { name: 'front', commit })),
    /** Beyond each kind's `freshFor`. */
    pass() {
      passed += 120_000;
    },
    async ask(parameters: Readonly<Record<string, unknown>>) {
      const response = await fetch(`${url}/api/v1/getparams.execute`, {
        method: 'POST',
        headers: { authorization: `Bearer ${GREENPIN_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ applicationSetName: 'shop', input: { parameters } }),
      });
      const freshness = response.headers.get('greenpin-freshness');
      const { output } = (await response.json()) as {
        output?: { parameters: { digestFront: string; build: { isHead: string } }[] };
      };
      const [set] = output?.parameters ?? [];
      return { status: response.status, freshness, digest: set?.digestFront, isHead: set?.build.isHead };
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await service.stop();
      await Promise.all([registry, ...world.servers].map((server) => server.close()));
      rmSync(folder, { recursive: true });
      for (const server of [registry, ...world.servers]) server.verify();
    },
  };
}

describe.each([
  ['GitLab', createGitLabWorld],
  ['Azure DevOps', createAzureWorld],
  ['Bitbucket Cloud', createBitbucketWorld],
  ['Jenkins with GitHub', createJenkinsWorld],
])('with %s, the plugin', (_name, create) => {
  it('hands out the green build of a branch, also after a red one and while CI is down', async () => {
    await using story = await createStory(create);
    const { world } = story;
    world.push(1, 'feature', true);
    const digest = story.pushImage(commitOf(1));
    const green = { status: 200, freshness: 'fresh', digest };
    expect(await story.ask({ branch: 'feature' })).toMatchObject(green);
    world.push(2, 'feature', false);
    story.pushImage(commitOf(2));
    story.pass();
    expect(await story.ask({ branch: 'feature' })).toMatchObject(green);
    for (const server of world.servers) server.fault({ kind: 'status', status: 503 });
    story.pass();
    expect(await story.ask({ branch: 'feature' })).toMatchObject({ ...green, freshness: 'stale' });
    for (const server of world.servers) server.heal();
    world.push(3, 'feature', true);
    const newer = story.pushImage(commitOf(3));
    story.pass();
    expect(await story.ask({ branch: 'feature' })).toMatchObject({ ...green, digest: newer });
  });

  it("hands out a pull request's own build of its head", async () => {
    await using story = await createStory(create);
    const { world } = story;
    world.push(1, 'main', true);
    const digest = story.pushImage(world.openPullRequest(7, 'topic', 'own'));
    const head_sha = commitOf(7).slice(0, world.headDigits ?? 40);
    expect(await story.ask({ branch: 'topic', number: 7, head_sha })).toEqual({
      status: 200,
      freshness: 'fresh',
      digest,
      isHead: 'true',
    });
  });

  it("hands out nothing for a fork's pull request from a branch that is ours, too", async () => {
    await using story = await createStory(create);
    const { world } = story;
    world.push(1, 'feature', true);
    story.pushImage(commitOf(1));
    story.pushImage(world.openPullRequest(8, 'feature', 'fork'));
    const head_sha = commitOf(8).slice(0, world.headDigits ?? 40);
    const nothing = { status: 200, freshness: 'fresh', digest: undefined, isHead: undefined };
    expect(await story.ask({ branch: 'feature', number: '8', head_sha })).toEqual(nothing);
  });
});
