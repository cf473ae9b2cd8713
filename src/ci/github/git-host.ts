/** GitHub's pull requests: https://docs.github.com/rest/pulls/pulls */
import type { CiDeps } from '../kind.ts';
import { createClockTranslation } from '../clock-translation.ts';
import type { GitHost } from '../git-host.ts';
import type { CiClient, CiRequest } from '../client.ts';
import { apiPath } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import { digitsOf, nameOf } from './names.ts';
import { hasNext } from '../link-header.ts';
import { PAGE_SIZE } from './page.ts';
import { parsePullRequest, parsePullRequestPage } from './pull-request.ts';

const PERMISSION = '"Pull requests: read"';

export function createGitHubGitHost(client: CiClient, { now }: Pick<CiDeps, 'now'>): GitHost {
  const { host, generation } = client;

  function list(gitRepository: string, query: CiRequest['query']): CiRequest {
    const { owner, repo } = nameOf(gitRepository, host);
    const what = `the pull requests of ${gitRepository}`;
    return { path: apiPath`/repos/${owner}/${repo}/pulls`, query, what, permission: PERMISSION };
  }

  return {
    host,
    generation,

    async fetchPullRequest(gitRepository, number) {
      const askedAt = now();
      const { owner, repo } = nameOf(gitRepository, host);
      const path = apiPath`/repos/${owner}/${repo}/pulls/${digitsOf(number, host)}`;
      const what = `the pull request of ${gitRepository}`;
      const { data, headers } = await client.get({ path, what, permission: PERMISSION });
      return parsePullRequest(data, host, createClockTranslation(parseDate(headers), askedAt));
    },

    async fetchOpenPullRequests(gitRepository, cursor = '1', validator) {
      const askedAt = now();
      const page = Number(digitsOf(cursor, host));
      const request = list(gitRepository, { state: 'open', per_page: PAGE_SIZE, page });
      const { status, data, headers } = await client.get({ ...request, validator });
      if (status === 304) return 'unchanged';
      return {
        ...parsePullRequestPage(data, host, createClockTranslation(parseDate(headers), askedAt)),
        next: hasNext(headers['link']) ? String(page + 1) : undefined,
        validator: headers['etag'],
      };
    },

    async probe(gitRepository) {
      await client.get(list(gitRepository, { per_page: 1 }));
    },
  };
}
