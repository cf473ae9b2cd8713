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
      return parsePullRequest(answer.data, host, createTranslation(clockOf(answer), askedAt));
    },

    async fetchOpenPullRequests(gitRepository, cursor = '1', validator) {
      const askedAt = now();
      const page = Number(digitsOf(cursor, host));
      const question = list(gitRepository, { state: 'open', per_page: PAGE_SIZE, page });
      const answer = await client.get(validator === undefined ? question : { ...question, validator });
      if (answer.status === 304) return 'unchanged';
      const { link, etag } = answer.headers;
      return {
        ...parsePullRequestPage(answer.data, host, createTranslation(clockOf(answer), askedAt)),
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
 * @param clock GitHub's clock in the answer, in whole seconds; undefined if the answer does not show it
 * @param askedAt by our clock, before the request was sent
 * @returns the earliest moment of our clock, whatever that clock shows
 */
function createTranslation(clock: number | undefined, askedAt: number): (time: number) => number {
  return (time) => (clock === undefined ? time - CLOCK_MARGIN : askedAt - (clock - time) - SECOND);
}
