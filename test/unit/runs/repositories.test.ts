/** How the parts are connected, where no other test would see a wire that is missing. */
import { expect, it } from 'vitest';
import { AdaptiveFreshness } from '../../../src/runs/adaptive-freshness.ts';
import { composeGates } from '../../../src/runs/gates.ts';
import { composeRuns } from '../../../src/runs/repositories.ts';
import type { ImageSource } from '../../../src/resolve/ports.ts';
import type { Project } from '../../../src/resolve/types.ts';
import { createProject, createRequest, createPullRequestHead } from '../../fixtures/builders.ts';
import { createFakeGitHost } from '../../fixtures/fake-git-host.ts';
import type { CiProvider } from '../../../src/ci/provider.ts';

it('concurrent requests for several repositories leave the calls reserved for listings', async () => {
  const calls: string[] = [];
  const held = Promise.withResolvers<void>();
  const provider = {
    host: 'ci.test',
    repositoryKey: (gitRepository: string) => gitRepository,
  } as unknown as CiProvider;
  const freshness = new AdaptiveFreshness(15_000, 300_000, () => 0);
  let remaining = 260;
  const reportQuota = () => freshness.observe(remaining, 5000, 3_600_000);
  reportQuota();
  const gitHost = createFakeGitHost(async (gitRepository, number) => {
    calls.push(`${gitRepository} ${number}`);
    await held.promise;
    remaining -= 1;
    reportQuota();
    return createPullRequestHead({ openedAfter: null });
  });
  const projects = ['shop', 'blog'].map((name) =>
    createProject({ name, git: 'github', gitRepository: `acme/${name}` }),
  );
  const runsFor = composeRuns({
    projects: new Map(projects.map((project) => [project.name, project])),
    connections: new Map(projects.map(({ ci }) => [ci, { provider, gitHost, freshness }])),
    images: {} as ImageSource,
    gateOf: () => undefined,
    now: () => 0,
  });
  const heads = projects.flatMap((project) =>
    Array.from({ length: 50 }, (_, i) => runsFor(createRequest({ project })).readPullRequest(String(i + 1))),
  );
  held.resolve();
  const failed = (await Promise.all(heads)).filter(({ kind }) => kind === 'failed');
  // A twentieth of 5,000 is kept.
  expect(calls).toHaveLength(10);
  expect(failed).toHaveLength(90);
});

it('projects with different Git hosts do not share pull requests', async () => {
  const provider = {
    host: 'ci.test',
    repositoryKey: (gitRepository: string) => gitRepository,
  } as unknown as CiProvider;
  const connect = (headRepositoryId: string) => ({
    provider,
    gitHost: createFakeGitHost(async () => createPullRequestHead({ headRepositoryId })),
    freshness: new AdaptiveFreshness(15_000, 300_000, () => 0),
  });
  const projects = ['hub', 'lab'].map((git) => createProject({ name: git, ci: 'belt', git }));
  const runsFor = composeRuns({
    projects: new Map(projects.map((project) => [project.name, project])),
    connections: new Map(['belt', 'hub', 'lab'].map((name) => [name, connect(name)])),
    images: {} as ImageSource,
    gateOf: () => undefined,
    now: () => 0,
  });
  const heads = projects.map((project) => runsFor(createRequest({ project })).readPullRequest('7'));
  expect(await Promise.all(heads)).toMatchObject([{ headRepositoryId: 'hub' }, { headRepositoryId: 'lab' }]);
});

it('a project whose Git host knows neither statuses nor pushes is a configuration error', () => {
  const provider = { host: 'ci.test', repositoryKey: (name: string) => name } as unknown as CiProvider;
  const freshness = new AdaptiveFreshness(15_000, 300_000, () => 0);
  const connections = new Map([['github', { provider, freshness }]]);
  const compose = (given: Partial<Project>) => {
    const projects = new Map([['shop', createProject({ git: 'github', statuses: ['scan'], ...given })]]);
    const common = { projects, connections, now: () => 0 };
    return [
      () => composeGates(common),
      () => composeRuns({ ...common, images: {} as ImageSource, gateOf: () => undefined }),
    ] as const;
  };
  expect(compose({})[0]).toThrow(
    'projects.shop.statuses: found the key, expected git to name a connection that knows statuses; "github" does not',
  );
  expect(compose({ builds: 'statuses' })[1]).toThrow(
    'projects.shop.builds: found statuses, expected runs, since the connection "github" knows no pushes',
  );
});
