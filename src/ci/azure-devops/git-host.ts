/** Azure Repos' pull requests: https://learn.microsoft.com/rest/api/azure/devops/git/pull-requests */
import { apiPath } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import { createClockTranslation } from '../clock-translation.ts';
import type { GitHost } from '../git-host.ts';
import type { CiDeps } from '../kind.ts';
import { digitsOf, nameOf, repositoryApi } from './names.ts';
import { PAGE_SIZE } from './provider.ts';
import { parsePullRequest, parsePullRequestPage } from './pull-request.ts';
import { sourceOf } from './source.ts';

export function createAzureDevOpsGitHost(client: CiClient, { now }: Pick<CiDeps, 'now'>): GitHost {
  const { host, generation } = client;
  const source = sourceOf(client);

  function ask(gitRepository: string, path: string, query?: CiRequest['query']): CiRequest {
    const what = `the pull requests of ${gitRepository}`;
    const api = repositoryApi(gitRepository, host);
    return { path: `${api}/pullrequests${path}`, query, what, permission: '"Code (Read)"' };
  }

  function listOpen(gitRepository: string, top: number, skip: number) {
    const query = { 'searchCriteria.status': 'active', $top: top, $skip: skip };
    return client.get(ask(gitRepository, '', query));
  }

  return {
    host,
    generation,

    async fetchPullRequest(gitRepository, number) {
      const askedAt = now();
      const { repository } = nameOf(gitRepository, host);
      const answer = await client.get(ask(gitRepository, apiPath`/${digitsOf(number, host)}`));
      const translation = createClockTranslation(parseDate(answer.headers), askedAt);
      return parsePullRequest(answer.data, repository, source, translation);
    },

    async fetchOpenPullRequests(gitRepository, cursor = '0') {
      const askedAt = now();
      const skip = Number(digitsOf(cursor, host));
      const answer = await listOpen(gitRepository, PAGE_SIZE, skip);
      const translation = createClockTranslation(parseDate(answer.headers), askedAt);
      const { count, ...page } = parsePullRequestPage(answer.data, source, translation);
      // There is no total, so only a short page is known to be the last.
      return { ...page, next: count < PAGE_SIZE ? undefined : String(skip + count) };
    },

    async probe(gitRepository) {
      await listOpen(gitRepository, 1, 0);
    },
  };
}
