/** GitHub's pull requests: https://docs.github.com/rest/pulls/pulls */
import type { CiDeps } from '../deps.ts';
import type { GitHost } from '../git-host.ts';
import type { GitHubClient, GitHubQuestion } from './client.ts';
import { digitsOf, nameOf } from './names.ts';
import { hasNext, PAGE_SIZE } from './page.ts';
import { parsePullRequest, parsePullRequestPage } from './pull-request.ts';
import { clockOf } from './request.ts';

const PULL_REQUESTS = '/repos/{owner}/{repo}/pulls';
const PULL_REQUEST = '/repos/{owner}/{repo}/pulls/{pull_number}';
const PERMISSION = 'Pull requests: read';

const SECOND = 1000;
/** How far GitHub's clock may differ from ours when an answer does not show it. */
const CLOCK_MARGIN = 600 * SECOND;

export function createGitHubGitHost(client: GitHubClient, { now }: Pick<CiDeps, 'now'>): GitHost {
  const { host, generation } = client;

  function list(gitRepository: string, query: GitHubQuestion['parameters']): GitHubQuestion {
    return {
      path: PULL_REQUESTS,
      parameters: { ...nameOf(gitRepository, host), ...query },
      what: `the pull requests of ${gitRepository}`,
      permission: PERMISSION,
    };
  }

  return {
    host,
    generation,

    async fetchPullRequest(gitRepository, number) {
      const askedAt = now();
      const answer = await client.get({
        path: PULL_REQUEST,
        parameters: { ...nameOf(gitRepository, host), pull_number: digitsOf(number, host) },
        what: `the pull request of ${gitRepository}`,
        permission: PERMISSION,
      });
      return withOpeningTime(parsePullRequest(answer.data, host), clockOf(answer), askedAt);
    },

    async fetchOpenPullRequests(gitRepository, cursor = '1', validator) {
      const askedAt = now();
      const page = Number(digitsOf(cursor, host));
      const question = list(gitRepository, { state: 'open', per_page: PAGE_SIZE, page });
      const answer = await client.get(validator === undefined ? question : { ...question, validator });
      if (answer.status === 304) return 'unchanged';
      const { pullRequests, unread } = parsePullRequestPage(answer.data, host);
      const clock = clockOf(answer);
      const { link, etag } = answer.headers;
      return {
        pullRequests: pullRequests.map(({ head, ...pullRequest }) => ({
          ...pullRequest,
          head: withOpeningTime(head, clock, askedAt),
        })),
        unread,
        next: hasNext(link) ? String(page + 1) : undefined,
        validator: etag,
      };
    },

    async probe(gitRepository) {
      await client.get(list(gitRepository, { per_page: 1 }));
    },
  };
}

/**
 * Translates the opening time to our clock, whatever that clock shows.
 * @param clock GitHub's clock in the answer, in whole seconds; undefined if the answer does not show it
 * @param askedAt by our clock, before the request was sent
 */
function withOpeningTime(
  { createdAt, ...head }: ReturnType<typeof parsePullRequest>,
  clock: number | undefined,
  askedAt: number,
) {
  if (createdAt === null) return { ...head, openedAfter: null };
  const openedAfter = clock === undefined ? createdAt - CLOCK_MARGIN : askedAt - (clock - createdAt) - SECOND;
  return { ...head, openedAfter };
}
