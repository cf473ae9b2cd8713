/**
 * CircleCI's runs, which it called pipelines until API v3.
 *
 * There are neither changes nor validators, so each refresh reads the newest page. A re-run adds a workflow to
 * its old run: it shows on that page, or when the branch is looked up again.
 */
import type { CiClient } from '../client.ts';
import type { CiDeps } from '../kind.ts';
import type { CiProvider } from '../provider.ts';
import { createProjects } from './projects.ts';
import { createRuns } from './runs.ts';

export interface CircleciOptions extends Pick<CiDeps, 'now'> {
  /** Name of the connection in the configuration. */
  readonly connection: string;
  /** Where people read runs: `https://app.circleci.com`. */
  readonly appUrl: string;
}

export function createCircleciProvider(
  client: CiClient,
  { connection, appUrl, now }: CircleciOptions,
): CiProvider {
  const { host } = client;
  const projects = createProjects(client, connection, { host, api: 'CircleCI' }, now);
  const runs = createRuns(client, { projects, appUrl, now });

  return {
    host,
    generation: client.generation,
    // The cursor is opaque, as the API's conventions say, and runs are not deleted.
    paging: 'keyset',
    // A run that runs again has the time of its creation only.
    datesChanges: false,
    // A run is named by the slug as the configuration spells it, so other spellings are other lists.
    repositoryKey: (ciRepository) => ciRepository,

    fetchRuns: (ciRepository, cursor) => runs.search(ciRepository, '', cursor),

    async fetchBranchRuns(ciRepository, branch, cursor) {
      const page = await runs.search(ciRepository, onBranch(branch), cursor);
      return { ...page, runs: page.runs.filter((run) => run.branch === branch) };
    },

    async fetchPullRequestRuns(ciRepository, number, cursor) {
      const page = await runs.search(ciRepository, onBranch(`pull/${number}`), cursor);
      return { ...page, runs: page.runs.filter((run) => run.pullRequest === number) };
    },

    fetchRun: (ciRepository, id) => runs.fetchRun(ciRepository, id),

    async probe(ciRepository) {
      await projects.prove(ciRepository);
      return `sees the project ${ciRepository.replaceAll(' ', ', ')}`;
    },
  };
}

/** Quoted as CircleCI's command line does (`BuildRunFilter`). */
function onBranch(branch: string): string {
  return `pipeline.git.branch == ${JSON.stringify(branch)}`;
}
