/** The runs of each Git repository, for all its projects. When they change, images are prefetched. */
import { createReservingGitHost } from '../ci/reserving-provider.ts';
import type { GitHost } from '../ci/git-host.ts';
import { createCommitSource } from './commit-source.ts';
import { createPullRequestReader, createRunIndex, type RunIndex } from './run-index.ts';
import type { AdaptiveFreshness } from './adaptive-freshness.ts';
import { ImagePrefetcher } from './prefetch.ts';
import type { ImageSource, RunSource } from '../resolve/ports.ts';
import type { BranchRequest, Project } from '../resolve/types.ts';
import { prefetchImages } from '../resolve/prefetch-images.ts';
import type { Clock } from '../clock.ts';
import type { CiProvider } from '../ci/provider.ts';

/** A CI connection: one credential, one quota. */
export interface Connection {
  readonly provider: CiProvider;
  /** Undefined if the connection is no Git host. */
  readonly gitHost?: GitHost | undefined;
  readonly freshness: AdaptiveFreshness;
}

export interface RunsDeps {
  readonly projects: ReadonlyMap<string, Project>;
  /** By name. */
  readonly connections: ReadonlyMap<string, Connection>;
  readonly images: ImageSource;
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
 */
export function composeRuns({
  projects,
  connections,
  images,
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
    if (connection === undefined) continue;
    const key = repositoryKey(project, connection);
    const repository =
      repositories.get(key) ?? createRepository(project, connection, connections.get(project.git ?? ''), now);
    repositories.set(key, repository);
    repository.freshFor.add(project.freshForMs);
    repository.prefetchers.set(project.name, createProjectPrefetcher(project, repository.index, images, now));
  }
  return (request) => {
    const { project, branch } = request;
    if (project.builds === 'registry') return createCommitSource(request, heads.get(project.name), now);
    const connection = connections.get(project.ci);
    const repository = connection && repositories.get(repositoryKey(project, connection));
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

function repositoryKey({ ci, git, ciRepository, gitRepository }: Project, { provider }: Connection): string {
  return JSON.stringify([ci, git, provider.repositoryKey(ciRepository), gitRepository.toLowerCase()]);
}

/** @param git the connection that serves the repository's pull requests */
function createRepository(
  { ciRepository, gitRepository }: Project,
  { provider, freshness }: Connection,
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
  images: ImageSource,
  now: Clock,
): ImagePrefetcher {
  return new ImagePrefetcher({
    now,
    candidates: () => index.listedBranches(),
    prefetch(branch) {
      const known = index.peekBranch(branch);
      if (known !== undefined) void prefetchImages({ project, branch }, index, known.standing, images);
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
