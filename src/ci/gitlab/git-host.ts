/** GitLab's merge requests: https://docs.gitlab.com/api/merge_requests/ */
import { apiPath } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import { createClockTranslation } from '../clock-translation.ts';
import type { GitHost } from '../git-host.ts';
import type { CiDeps } from '../kind.ts';
import { fetchResource, sourceOf, type ProjectResource } from './client.ts';
import { parseMergeRequest, parseMergeRequestPage } from './merge-request.ts';
import { digitsOf } from './names.ts';
import { PAGE_SIZE, parsePageNumber, placePage } from './page.ts';

export function createGitLabGitHost(client: CiClient, { now }: Pick<CiDeps, 'now'>): GitHost {
  const { host, generation } = client;
  const source = sourceOf(client);

  return {
    host,
    generation,

    async fetchPullRequest(gitRepository, number) {
      const askedAt = now();
      const path = apiPath`/merge_requests/${digitsOf(number, host)}`;
      const { data, headers } = await fetchResource(client, { gitRepository, path, what: 'merge request' });
      return parseMergeRequest(data, source, createClockTranslation(parseDate(headers), askedAt));
    },

    async fetchOpenPullRequests(gitRepository, cursor) {
      const askedAt = now();
      const page = parsePageNumber(cursor);
      const query = { state: 'opened', order_by: 'created_at', sort: 'desc', per_page: PAGE_SIZE, page };
      const response = await fetchResource(client, list(gitRepository, query));
      const { data, headers } = response;
      const toOurClock = createClockTranslation(parseDate(headers), askedAt);
      const parsed = parseMergeRequestPage(data, source, toOurClock);
      const shown = parsed.pullRequests.length + parsed.unread.length;
      return { ...parsed, next: placePage(response, page, shown, client).next };
    },

    async probe(gitRepository) {
      await fetchResource(client, list(gitRepository, { per_page: 1 }));
    },
  };
}

function list(gitRepository: string, query: CiRequest['query']): ProjectResource {
  return { gitRepository, path: '/merge_requests', query, what: 'merge requests' };
}
