/** Pull requests of Bitbucket Cloud. */
import { apiPath } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import { createClockTranslation } from '../clock-translation.ts';
import type { Source } from '../elements.ts';
import type { GitHost } from '../git-host.ts';
import type { CiDeps } from '../kind.ts';
import { digitsOf, repositoryPath } from './names.ts';
import { API, listFields, parseCursor, parsePage } from './page.ts';
import { parsePullRequest, parsePullRequests, PULL_REQUEST_FIELDS } from './pull-request.ts';

/** The largest page of this list: a longer one is refused. */
const PAGE_SIZE = 50;

export function createBitbucketGitHost(client: CiClient, { now }: Pick<CiDeps, 'now'>): GitHost {
  const { host, generation } = client;
  const source: Source = { host, api: API };

  function createRequest(gitRepository: string, path: string, query: CiRequest['query']): CiRequest {
    return {
      path: `${repositoryPath(gitRepository, host)}/pullrequests${path}`,
      query,
      what: `the pull requests of ${gitRepository}`,
      permission: 'pullrequest',
    };
  }

  return {
    host,
    generation,

    async fetchPullRequest(gitRepository, number) {
      const askedAt = now();
      const query = { fields: PULL_REQUEST_FIELDS.join(',') };
      const request = createRequest(gitRepository, apiPath`/${digitsOf(number, host)}`, query);
      const what = `the pull request of ${gitRepository}`;
      const { data, headers } = await client.get({ ...request, what });
      return parsePullRequest(data, source, createClockTranslation(parseDate(headers), askedAt));
    },

    async fetchOpenPullRequests(gitRepository, cursor) {
      const askedAt = now();
      const page = parseCursor(cursor);
      const fields = listFields(PULL_REQUEST_FIELDS);
      const query = { state: 'OPEN', sort: '-created_on', pagelen: PAGE_SIZE, page, fields };
      const { data, headers } = await client.get(createRequest(gitRepository, '', query));
      const { values, next } = parsePage(data, { page, pagelen: PAGE_SIZE }, source);
      return {
        ...parsePullRequests(values, createClockTranslation(parseDate(headers), askedAt)),
        next,
      };
    },

    async probe(gitRepository) {
      const query = { pagelen: 1, fields: listFields(['id']) };
      const { data } = await client.get(createRequest(gitRepository, '', query));
      parsePage(data, { page: 1, pagelen: 1 }, source);
    },
  };
}
