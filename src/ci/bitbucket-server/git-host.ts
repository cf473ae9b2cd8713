/** Pull requests of Bitbucket Data Center. */
import { apiPath } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import { createClockTranslation } from '../clock-translation.ts';
import type { Source } from '../elements.ts';
import type { GitHost } from '../git-host.ts';
import type { CiDeps } from '../kind.ts';
import { digitsOf, repositoryPath } from './names.ts';
import { API, parseCursor, parsePage } from './page.ts';
import { parsePullRequest, parsePullRequests } from './pull-request.ts';

const PAGE_SIZE = 100;

/** The permission that every call needs. */
export const PERMISSION = '"Repository read"';

export function createBitbucketServerGitHost(client: CiClient, { now }: Pick<CiDeps, 'now'>): GitHost {
  const { host, generation } = client;
  const source: Source = { host, api: API };

  function createRequest(gitRepository: string, path: string, query?: CiRequest['query']): CiRequest {
    return {
      path: `${repositoryPath(gitRepository, host)}/pull-requests${path}`,
      query,
      what: `the pull requests of ${gitRepository}`,
      permission: PERMISSION,
    };
  }

  return {
    host,
    generation,

    async fetchPullRequest(gitRepository, number) {
      const askedAt = now();
      const request = createRequest(gitRepository, apiPath`/${digitsOf(number, host)}`);
      const what = `the pull request of ${gitRepository}`;
      const { data, headers } = await client.get({ ...request, what });
      return parsePullRequest(data, source, createClockTranslation(parseDate(headers), askedAt));
    },

    async fetchOpenPullRequests(gitRepository, cursor) {
      const askedAt = now();
      const start = parseCursor(cursor);
      const query = { state: 'OPEN', order: 'NEWEST', limit: PAGE_SIZE, start, withProperties: false };
      const { data, headers } = await client.get(createRequest(gitRepository, '', query));
      const { values, next } = parsePage(data, start, source);
      return {
        ...parsePullRequests(values, createClockTranslation(parseDate(headers), askedAt)),
        next,
      };
    },

    async probe(gitRepository) {
      const { data } = await client.get(createRequest(gitRepository, '', { limit: 1 }));
      parsePage(data, 0, source);
    },
  };
}
