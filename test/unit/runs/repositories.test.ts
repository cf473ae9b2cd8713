/** How the parts are connected, where no other test would see a wire that is missing. */
import { describe, expect, it } from 'vitest';
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
  const gitHost = createFakeGitHost(async (gitRepository, number) => {
    calls.push(`${gitRepository} ${number}`);
    await held.promise;
    return createPullRequestHead({ openedAfter: null });
  });
  const freshness = new AdaptiveFreshness(15_000, 300_000, () => 0);
  freshness.observe(260, 5000, 3_600_000);
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

async function countListings(...own: readonly (number | undefined)[]): Promise<number> {
  let now = 1_000_000;
  let listings = 0;
  const provider = {
    host: 'ci.test',
    paging: 'numbered',
    repositoryKey: (gitRepository: string) => gitRepository,
    fetchRuns() {
      listings += 1;
      return Promise.resolve({ runs: [], total: 0 });
    },
  } as unknown as CiProvider;
  const freshness = new AdaptiveFreshness(30_000, 300_000, () => now);
  const projects = own.map((freshForMs, i) => createProject({ name: `p${i}`, freshForMs }));
  const runsFor = composeRuns({
    projects: new Map(projects.map((project) => [project.name, project])),
    connections: new Map([['github', { provider, freshness }]]),
    images: {} as ImageSource,
    gateOf: () => undefined,
    now: () => now,
  });
  const [project] = projects;
  for (const until = now + 60_000; now < until; now += 1_000) {
    await runsFor(createRequest({ project: project ?? createProject() })).read({ branch: 'b' });
  }
  return listings;
}

describe("a project's own freshFor", () => {
  it.each([
    [[undefined], 2],
    [[10_000], 6],
    [[60_000], 1],
    [[60_000, 10_000], 6],
    [[60_000, undefined], 2],
  ])('of %j lists the repository %i times a minute: the shortest counts', async (own, expected) => {
    expect(await countListings(...own)).toBe(expected);
  });
});

it.each([
  ['the shortest of its projects', [5_000, 60_000], 12],
  ["longer than the connection's, if every project wants that", [60_000, 60_000], 1],
  ['that of the connection', [undefined, 60_000], 2],
])('statuses that are pending are read again after freshFor: %s', async (_name, own, expected) => {
  let now = 1_000_000;
  let calls = 0;
  const statuses = {
    host: 'git.test',
    fetchStatuses() {
      calls += 1;
      // A change each time, so that nothing is read less often.
      const pending = { context: 'scan', state: 'pending' as const, outcome: `pending ${calls}` };
      return Promise.resolve({ statuses: [pending] });
    },
  };
  const provider = { repositoryKey: (name: string) => name } as unknown as CiProvider;
  const freshness = new AdaptiveFreshness(30_000, 300_000, () => now);
  const projects = own.map((freshForMs, i) =>
    createProject({ name: `p${i}`, git: 'github', statuses: ['scan'], freshForMs }),
  );
  const gateOf = composeGates({
    projects: new Map(projects.map((project) => [project.name, project])),
    connections: new Map([['github', { provider, statuses, freshness }]]),
    now: () => now,
  });
  const [project = createProject()] = projects;
  for (const until = now + 60_000; now < until; now += 1_000) await gateOf(project)?.read('7'.repeat(40));
  expect(calls).toBe(expected);
});
