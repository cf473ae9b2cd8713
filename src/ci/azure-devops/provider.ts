/** Azure Pipelines: https://learn.microsoft.com/rest/api/azure/devops/build/builds */
import { UpstreamError } from '../../errors.ts';
import type { Run } from '../../resolve/types.ts';
import { malformed } from '../../upstream/failures.ts';
import { apiPath, type ApiResponse } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import { createLatestChange } from '../latest-change.ts';
import { numberAttempt } from '../number-attempt.ts';
import type { CiProvider, Cursor, RunPage } from '../provider.ts';
import { parseBuild, parseBuildPage } from './build.ts';
import { buildApi, digitsOf } from './names.ts';
import type { RepositoryIds } from './repository-ids.ts';
import { sourceOf } from './source.ts';

export const PAGE_SIZE = 100;

/**
 * The order by queue time is the only one that includes waiting builds. Without the repository's type, the
 * API ignores its id.
 */
const LIST = { repositoryType: 'TfsGit', queryOrder: 'queueTimeDescending', $top: PAGE_SIZE };

export function createAzureDevOpsProvider(client: CiClient, ids: RepositoryIds): CiProvider {
  const { host } = client;
  const withAttempt = createAttempts();
  const list = createList(client, ids, withAttempt);

  async function probe(gitRepository: string): Promise<string> {
    const { runs } = await list(gitRepository, { $top: 1 });
    const seen = runs.length === 0 ? `no builds of ${gitRepository} yet` : `the builds of ${gitRepository}`;
    return `${client.anonymous ? 'without credentials, sees' : 'sees'} ${seen}`;
  }

  return {
    host,
    generation: client.generation,
    probe,

    paging: 'keyset',
    // Names are case-insensitive.
    repositoryKey: (gitRepository) => gitRepository.toLowerCase(),

    fetchRuns: (gitRepository, cursor) => list(gitRepository, {}, cursor),

    async fetchBranchRuns(gitRepository, branch, cursor) {
      const page = await list(gitRepository, { branchName: `refs/heads/${branch}` }, cursor);
      // Some servers ignore the case of the name, and a tag may have it.
      const runs = page.runs.filter((run) => run.branch === branch && run.refKind === 'branch');
      return { ...page, runs };
    },

    async fetchPullRequestRuns(gitRepository, number, cursor) {
      const branchName = `refs/pull/${digitsOf(number, host)}/merge`;
      const page = await list(gitRepository, { branchName }, cursor);
      return { ...page, runs: page.runs.filter((run) => run.pullRequest === number) };
    },

    async fetchRun(gitRepository, id) {
      const repositoryId = await ids.read(gitRepository);
      const request = createRequest(gitRepository, host, apiPath`/${digitsOf(id, host)}`);
      const answer = await client.find(request, () => probe(gitRepository));
      const run = answer === undefined ? 'gone' : parseBuild(answer.data, repositoryId, sourceOf(client));
      return run === 'gone' ? run : withAttempt(run);
    },
  };
}

/**
 * While stages run again, a build has no end, and its times are those of its first attempt. The index would
 * take that for an outdated state, and the build would stay green until it has ended again.
 */
function createAttempts(): (run: Run) => Run {
  const withLatestChange = createLatestChange();
  return (run) => {
    const latest = withLatestChange(run);
    return { ...latest, attempt: numberAttempt(latest.updatedAt) };
  };
}

type List = (gitRepository: string, query: CiRequest['query'], cursor?: Cursor) => Promise<RunPage>;

function createList(client: CiClient, ids: RepositoryIds, withAttempt: (run: Run) => Run): List {
  const { host } = client;

  async function fetchPage(gitRepository: string, query: CiRequest['query']): Promise<ApiResponse> {
    try {
      return await client.get(createRequest(gitRepository, host, '', query));
    } catch (error) {
      if (error instanceof UpstreamError && error.failure.kind === 'not_found') ids.forget(gitRepository);
      throw error;
    }
  }

  return async (gitRepository, query, cursor) => {
    const repositoryId = await ids.read(gitRepository);
    const filter = { repositoryId, ...LIST, continuationToken: cursor, ...query };
    const { data, headers } = await fetchPage(gitRepository, filter);
    const page = parseBuildPage(data, repositoryId, sourceOf(client));
    client.reportUnread(page.unread);
    const next = headers['x-ms-continuationtoken'] || undefined;
    // A server that ignores the token begins again (MicrosoftDocs/vsts-rest-api-specs#178).
    if (next !== undefined && next === cursor) throw malformed(host, `${host} repeats a page of builds`);
    return { ...page, runs: page.runs.map(withAttempt), next, clock: parseDate(headers) };
  };
}

/** @param path below the builds of the project */
function createRequest(
  gitRepository: string,
  host: string,
  path: string,
  query?: CiRequest['query'],
): CiRequest {
  return {
    path: `${buildApi(gitRepository, host)}/builds${path}`,
    query,
    what: `the builds of ${gitRepository}`,
    permission: '"Build (Read)"',
  };
}
