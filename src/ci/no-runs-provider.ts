/** Stands in for the provider of a Git host without a CI of its own (`CiKind.hasRuns`). */
import { UpstreamError } from '../errors.ts';
import type { GitHost } from './git-host.ts';
import type { CiProvider } from './provider.ts';

/** @returns a provider that lists nothing, since no project can have it without `builds: statuses` */
export function createNoRunsProvider(gitHost: GitHost): CiProvider {
  const { host, generation = () => 0 } = gitHost;

  function refuse(): Promise<never> {
    const message = `${host} runs no CI of its own: set builds: statuses in the project, or name another ci`;
    return Promise.reject(new UpstreamError({ kind: 'not_found', host, message }));
  }
  return {
    host,
    generation,
    paging: 'keyset',
    repositoryKey: (gitRepository) => gitRepository.toLowerCase(),
    fetchRuns: refuse,
    fetchBranchRuns: refuse,
    fetchRun: refuse,
    async probe(gitRepository) {
      await gitHost.probe(gitRepository);
      return `sees ${gitRepository}`;
    },
  };
}
