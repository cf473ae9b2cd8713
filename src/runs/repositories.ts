/** The runs of each Git repository, for all its projects. When they change, images are prefetched. */
import { createReservingGitHost } from '../ci/reserving-provider.ts';
import type { GitHost } from '../ci/git-host.ts';
import { ConfigError } from '../errors.ts';
import { createCommitSource } from './commit-source.ts';
import { createPullRequestReader, createRunIndex, type RunIndex } from './run-index.ts';
import type { AdaptiveFreshness } from './adaptive-freshness.ts';
import { ImagePrefetcher } from './prefetch.ts';
import type { ImageSource, RunSource, StatusGate } from '../resolve/ports.ts';
import type { BranchRequest, Project } from '../resolve/types.ts';
import { prefetchImages } from '../resolve/prefetch-images.ts';
import type { Clock } from '../clock.ts';
import type { CommitStatuses } from '../ci/commit-statuses.ts';
import type { CiProvider } from '../ci/provider.ts';

/** A CI connection: one credential, one quota. */
export interface Connection {
  readonly provider: CiProvider;
  /** Undefined if the connection is no Git host. */
  readonly gitHost?: GitHost | undefined;
  /** Undefined if the connection knows no statuses of commits. */
  readonly statuses?: CommitStatuses | undefined;
  /** Pushes as runs, for `builds: statuses`; undefined if the connection knows no pushes. */
  readonly pushes?: CiProvider | undefined;
  readonly freshness: AdaptiveFreshness;
}

export interface RunsDeps {
  readonly projects: ReadonlyMap<string, Project>;
  /** By name. */
  readonly connections: ReadonlyMap<string, Connection>;
  readonly images: ImageSource;
  readonly gateOf: (project: Project) => StatusGate | undefined;
  readonly now: Clock;
}

interface Repository {
  readonly index: RunIndex;
  /** By the project's name. */
  readonly prefetchers: Map<string, ImagePrefetcher>;
  /** `Project.freshForMs` of its projects. The shortest counts, since they share one listing. */
  readonly freshFor: Set<number | undefined>;
}

/**
 * Creates one index for each CI connection and Git repository, however many projects share it.
 * @returns a function that returns a request's runs; reading them marks the branch as requested
 * @throws ConfigError for `builds: statuses` if the connection knows no pushes
 */
export function composeRuns({
  projects,
  connections,
  images,
  gateOf,
  now,
}: RunsDeps): (request: BranchRequest) => RunSource {
  const repositories = new Map<string, Repository>();
  const heads = new Map(
    [...projects.values()].map((project) => [
      project.name,
      createHeadReader(project, connections.get(project.git ?? ''), now),
    ]),
  );
  for (const project of projects.values()) {
    const connection = connections.get(project.ci);
    const provider = connection && selectProvider(project, connection);
    if (connection === undefined) continue;
    if (provider === undefined) throw noPushes(project);
    const key = repositoryKey(project, provider);
    const git = connections.get(project.git ?? '');
    const repository =
      repositories.get(key) ?? createRepository(project, provider, connection.freshness, git, now);
    repositories.set(key, repository);
    repository.freshFor.add(project.freshForMs);
    const { index, prefetchers } = repository;
    const deps = { images, gate: gateOf(project), now };
    prefetchers.set(project.name, createProjectPrefetcher(project, index, deps));
  }
  return (request) => {
    const { project, branch } = request;
    if (project.builds === 'registry') return createCommitSource(request, heads.get(project.name), now);
    const connection = connections.get(project.ci);
    const provider = connection && selectProvider(project, connection);
    const repository = provider && repositories.get(repositoryKey(project, provider));
    if (repository === undefined) throw new RangeError(`project ${project.name} has no CI connection`);
    return notifying(repository, project, branch);
  };
}

/** For projects without CI; the others read pull requests by their index. */
function createHeadReader(
  { builds, gitRepository }: Project,
  git: Connection | undefined,
  now: Clock,
): RunSource['readPullRequest'] | undefined {
  if (builds !== 'registry' || git?.gitHost === undefined) return undefined;
  const gitHost = createReservingGitHost(git.gitHost, git.freshness);
  return createPullRequestReader({ provider: gitHost, gitHost, gitRepository, now });
}

function selectProvider({ builds }: Project, { provider, pushes }: Connection): CiProvider | undefined {
  return builds === 'statuses' ? pushes : provider;
}

function noPushes({ name, ci }: Project): ConfigError {
  const expected = `runs, since the connection "${ci}" knows no pushes`;
  return new ConfigError([`projects.${name}.builds: found statuses, expected ${expected}`]);
}

function repositoryKey(project: Project, provider: CiProvider): string {
  const { ci, git, builds, ciRepository, gitRepository } = project;
  const names = [provider.repositoryKey(ciRepository), gitRepository.toLowerCase()];
  return JSON.stringify([ci, git, builds, ...names]);
}

/** @param git the connection that serves the repository's pull requests */
function createRepository(
  { ciRepository, gitRepository }: Project,
  provider: CiProvider,
  freshness: AdaptiveFreshness,
  git: Connection | undefined,
  now: Clock,
): Repository {
  freshness.repositories += 1;
  const prefetchers = new Map<string, ImagePrefetcher>();
  const freshFor = new Set<number | undefined>();
  const index = createRunIndex({
    provider,
    gitHost: git?.gitHost && createReservingGitHost(git.gitHost, git.freshness),
    ciRepository,
    gitRepository,
    freshFor: () => Math.min(...[...freshFor].map((own) => freshness.freshFor(own))),
    quota: freshness,
    now,
    onChanged(branches) {
      for (const prefetcher of prefetchers.values()) prefetcher.onChanged(branches);
    },
  });
  return { index, prefetchers, freshFor };
}

function createProjectPrefetcher(
  project: Project,
  index: RunIndex,
  { images, gate, now }: Pick<RunsDeps, 'images' | 'now'> & { readonly gate: StatusGate | undefined },
): ImagePrefetcher {
  return new ImagePrefetcher({
    now,
    candidates: () => index.listedBranches(),
    prefetch(branch) {
      const known = index.peekBranch(branch);
      if (known !== undefined) void prefetchImages({ project, branch }, index, known.standing, images, gate);
    },
  });
}

/** Wraps the index to notify the project's prefetcher once the branch's runs have been read. */
function notifying({ index, prefetchers }: Repository, project: Project, branch: string): RunSource {
  return {
    ...index,
    async read(subject) {
      const known = await index.read(subject);
      prefetchers.get(project.name)?.onRequested(branch);
      return known;
    },
  };
}
