/** GitHub Actions: https://docs.github.com/rest/actions/workflow-runs */
import type { CiClient, CiRequest } from '../client.ts';
import { digitsOf, nameOf } from './names.ts';
import { formatCursor, PAGE_SIZE, parseCursor, toRunPage, type PageAddress } from './page.ts';
import { parseRun, parseRunPage } from './schema.ts';
import { apiPath, type ApiResponse } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiProvider, RunPage } from '../provider.ts';

export function createGitHubProvider(client: CiClient): CiProvider {
  const { host } = client;

  async function probe(gitRepository: string): Promise<string> {
    const answer = await client.get(createRequest(gitRepository, host, { per_page: 1 }));
    const { total } = parseRunPage(answer.data, host);
    const seen =
      total === 0 ? `no workflow runs of ${gitRepository} yet` : `the workflow runs of ${gitRepository}`;
    return `${client.anonymous ? 'without credentials, sees' : 'sees'} ${seen}`;
  }

  function parsePage(answer: ApiResponse, address: PageAddress, filtered: boolean): RunPage {
    const { link, etag } = answer.headers;
    const parsed = parseRunPage(answer.data, host);
    client.reportUnread(parsed.unread);
    return toRunPage({ ...parsed, ...address, link, etag, filtered, clock: parseDate(answer.headers) }, host);
  }

  return {
    host,
    generation: client.generation,
    probe,

    paging: 'numbered',
    queueEvent: 'merge_group',
    cursorOf: (page) => formatCursor({ page }),
    // GitHub's names are case-insensitive.
    repositoryKey: (gitRepository) => gitRepository.toLowerCase(),

    async fetchRuns(gitRepository, cursor, validator) {
      const address = parseCursor(cursor);
      const request = createRequest(gitRepository, host, { per_page: PAGE_SIZE, page: address.page });
      const answer = await client.get({ ...request, validator });
      return answer.status === 304 ? 'unchanged' : parsePage(answer, address, false);
    },

    async fetchBranchRuns(gitRepository, branch, cursor) {
      const address = parseCursor(cursor);
      const { page, createdBy } = address;
      const created = createdBy === undefined ? undefined : `<=${rfc3339(createdBy)}`;
      const query = { per_page: PAGE_SIZE, page, branch, created };
      const answer = await client.get(createRequest(gitRepository, host, query));
      return parsePage(answer, address, true);
    },

    async fetchRun(gitRepository, id) {
      const request = createRequest(gitRepository, host, {}, apiPath`/${digitsOf(id, host)}`);
      const answer = await client.find(request, () => probe(gitRepository));
      return answer === undefined ? 'gone' : parseRun(answer.data, host);
    },
  };
}

/** @param path below the runs of the repository */
function createRequest(
  gitRepository: string,
  host: string,
  query: CiRequest['query'],
  path: string = '',
): CiRequest {
  const { owner, repo } = nameOf(gitRepository, host);
  return {
    path: `${apiPath`/repos/${owner}/${repo}/actions/runs`}${path}`,
    // The list would not name the pull request that triggered a run anyway.
    query: { ...query, exclude_pull_requests: true },
    what: `the workflow runs of ${gitRepository}`,
    permission: '"Actions: read"',
  };
}

/** Whole seconds, as in GitHub's answers and its search syntax. */
function rfc3339(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
