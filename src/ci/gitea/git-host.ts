/** Pull requests of Gitea and Forgejo. */
import { apiPath } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient } from '../client.ts';
import { createClockTranslation } from '../clock-translation.ts';
import type { Source } from '../elements.ts';
import type { GitHost } from '../git-host.ts';
import type { CiDeps } from '../kind.ts';
import { parsePullRequest, parsePullRequestPage } from './pull-request.ts';
import { createRequest, nextCursor, PAGE_SIZE, parseCursor, totalOf } from './requests.ts';

const WHAT = 'the pull requests';

export function createGiteaGitHost(client: CiClient, source: Source, { now }: Pick<CiDeps, 'now'>): GitHost {
  const { host, generation } = client;
  return {
    host,
    generation,

    async fetchPullRequest(gitRepository, number) {
      const askedAt = now();
      const request = createRequest(gitRepository, 'the pull request', apiPath`/pulls/${number}`);
      const { data, headers } = await client.get(request);
      return parsePullRequest(data, source, createClockTranslation(parseDate(headers), askedAt));
    },

    async fetchOpenPullRequests(gitRepository, cursor) {
      const askedAt = now();
      const address = parseCursor(cursor);
      const query = { state: 'open', page: address.page, limit: PAGE_SIZE };
      const answer = await client.get(createRequest(gitRepository, WHAT, '/pulls', query));
      const { data, headers } = answer;
      const toOurClock = createClockTranslation(parseDate(headers), askedAt);
      const { pullRequests, unread, length } = parsePullRequestPage(data, source, toOurClock);
      return {
        pullRequests,
        unread,
        next: nextCursor(address, { length, total: totalOf(answer), link: headers['link'] }, host),
      };
    },

    async probe(gitRepository) {
      await client.get(createRequest(gitRepository, WHAT, '/pulls', { limit: 1 }));
    },
  };
}
