/** The command line with a CI that is no Git host: builds of Buildkite or CircleCI, pull requests of GitHub. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createBuild,
  FORK_HEAD,
  OWN_HEAD,
  PIPELINE,
  REPOSITORY,
  TOKEN,
} from '../fixtures/buildkite/builds.ts';
import { createBuildkiteServer, type BuildkiteServer } from '../fixtures/buildkite/server.ts';
import { createRun, createVcs, createWorkflow, PROJECT_ID, SLUG } from '../fixtures/circleci/runs.ts';
import { createCircleciServer, type CircleciServer } from '../fixtures/circleci/server.ts';
import { createCliHarness, GIT_REPOSITORY, type CliHarness } from '../fixtures/cli/harness.ts';
import { imageManifest, LINUX_AMD64 } from '../fixtures/registry/images.ts';

const COMMIT = 'c'.repeat(40);
const OLDER = 'b'.repeat(40);

let cli: CliHarness;
let buildkite: BuildkiteServer;
let circleci: CircleciServer;

beforeEach(async () => {
  cli = await createCliHarness();
  buildkite = await createBuildkiteServer(TOKEN);
  circleci = await createCircleciServer(TOKEN);
});

afterEach(async () => {
  await cli[Symbol.asyncDispose]();
  await Promise.all([buildkite.close(), circleci.close()]);
  buildkite.verify();
  circleci.verify();
});

function configure(kind: 'buildkite' | 'circleci', workflow: string, hasGitHost: boolean = true): void {
  const { url } = kind === 'buildkite' ? buildkite : circleci;
  cli.write('ci-token', TOKEN);
  cli.configure({
    connections: {
      ci: { kind, url, tokenFile: 'ci-token' },
      ...(hasGitHost && { github: { kind: 'github', url: cli.github.url, tokenFile: 'github' } }),
    },
    projects: {
      shop: {
        ci: 'ci',
        ...(hasGitHost && { git: 'github' }),
        repository: GIT_REPOSITORY,
        workflows: [workflow],
        images: { front: `${cli.registry.host}/acme/shop-front:{commit}` },
      },
    },
  });
}

function push(commit: string): string {
  return cli.registry.push(
    'acme/shop-front',
    commit,
    imageManifest('oci', LINUX_AMD64, { name: 'front', commit }),
  );
}

interface Resolution {
  readonly answer: { readonly parameters?: readonly { readonly digestFront: string }[] };
}

/** @returns the digest of the image front; undefined if there is none */
async function resolve(...args: string[]): Promise<string | undefined> {
  const { stdout } = await cli.run(['resolve', '--project', 'shop', '--json', ...args]);
  return (JSON.parse(stdout) as Resolution).answer.parameters?.[0]?.digestFront;
}

/** As a build of Buildkite names it. */
function createPullRequest(repository: string) {
  return { id: '7', base: 'main', repository };
}

/** As a run of CircleCI names it. */
function createPush(revision: string) {
  return { type: 'push', vcs: createVcs(1, { revision }) };
}

describe('Buildkite', () => {
  it('answers for a branch by its newest green build', async () => {
    configure('buildkite', PIPELINE);
    buildkite.pipelines.set(PIPELINE, {
      repository: REPOSITORY,
      builds: [
        createBuild(3, { blocked: true }),
        createBuild(2, { commit: COMMIT }),
        createBuild(1, { commit: OLDER }),
      ],
    });
    const digest = push(COMMIT);
    push(OLDER);
    expect(await resolve('--branch', 'main')).toBe(digest);
  });

  it("does not answer for a fork's pull request from a branch of our name", async () => {
    configure('buildkite', PIPELINE);
    buildkite.pipelines.set(PIPELINE, {
      repository: REPOSITORY,
      builds: [
        createBuild(2, { commit: COMMIT, pull_request: createPullRequest(FORK_HEAD) }),
        createBuild(1, { commit: OLDER, pull_request: createPullRequest(OWN_HEAD) }),
      ],
    });
    push(COMMIT);
    const own = push(OLDER);
    expect(await resolve('--branch', 'main')).toBe(own);
  });

  it("does not answer for a pull request that the Git host calls a fork's", async () => {
    configure('buildkite', PIPELINE);
    cli.github.addPullRequest(GIT_REPOSITORY, 7, { id: 999, full_name: 'stranger/shop' });
    const pull_request = createPullRequest('');
    buildkite.pipelines.set(PIPELINE, {
      repository: REPOSITORY,
      builds: [createBuild(1, { commit: COMMIT, branch: 'feature', pull_request })],
    });
    push(COMMIT);
    expect(await resolve('--branch', 'feature', '--number', '7')).toBeUndefined();
  });

  it('answers for a pull request that the Git host calls our own, if Buildkite does not say', async () => {
    configure('buildkite', PIPELINE);
    cli.github.addPullRequest(GIT_REPOSITORY, 7);
    const pull_request = createPullRequest('');
    buildkite.pipelines.set(PIPELINE, {
      repository: REPOSITORY,
      builds: [createBuild(1, { commit: COMMIT, branch: 'feature', pull_request })],
    });
    const digest = push(COMMIT);
    expect(await resolve('--branch', 'feature', '--number', '7')).toBe(digest);
  });

  it('is probed by check, which says what is missing without a Git host', async () => {
    configure('buildkite', PIPELINE, false);
    buildkite.pipelines.set(PIPELINE, {
      repository: REPOSITORY,
      builds: [createBuild(1, { commit: COMMIT })],
    });
    push(COMMIT);
    const { status, stdout } = await cli.run(['check']);
    expect(stdout).toContain('sees the builds of acme/shop');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('add a connection to the Git host');
    expect(status).toBe(0);
  });
});

describe('CircleCI', () => {
  it('answers for a branch by its newest green run', async () => {
    configure('circleci', SLUG);
    const today = {
      created_at: new Date(Date.now() - 3_600_000).toISOString(),
      workflows: [createWorkflow(1)],
    };
    const yesterday = { ...today, created_at: new Date(Date.now() - 90_000_000).toISOString() };
    circleci.projects.set(SLUG, {
      id: PROJECT_ID,
      runs: [
        createRun(2, { ...today, event: createPush(COMMIT), phase: 'started' }),
        createRun(1, { ...yesterday, event: createPush(OLDER) }),
      ],
      checkouts: [],
    });
    push(COMMIT);
    const digest = push(OLDER);
    expect(await resolve('--branch', 'main')).toBe(digest);
  });

  it('is probed by check', async () => {
    configure('circleci', SLUG);
    circleci.projects.set(SLUG, { id: PROJECT_ID, runs: [], checkouts: [] });
    expect((await cli.run(['check'])).stdout).toContain(`sees the project ${SLUG}`);
  });

  it('that does not know the project is explained', async () => {
    configure('circleci', 'gh/acme/other');
    const { status, stdout } = await cli.run(['check']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain("the token's user may see the project");
    expect(status).toBe(1);
  });
});
