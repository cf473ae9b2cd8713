/** GitHub Actions, as https://docs.github.com/rest/actions/workflow-runs describes it. */
import { UpstreamError } from '../../errors.ts';
import type { CiDeps } from '../kind.ts';
import type { CiClient, CiRequest } from '../client.ts';
import { digitsOf, nameOf } from './names.ts';
import { formatCursor, PAGE_SIZE, parseCursor, toRunPage, type PageAddress } from './page.ts';
import { parseRun, parseRunPage } from './schema.ts';
import { apiPath, type ApiResponse } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiProvider, RunPage } from '../provider.ts';

/** @param connection its name in the configuration */
export function createGitHubProvider(
  client: CiClient,
  connection: string,
  { observer }: Pick<CiDeps, 'observer'>,
): CiProvider {
  const { host } = client;

  async function probe(gitRepository: string): Promise<string> {
    const answer = await client.get(askRuns(gitRepository, host, { per_page: 1 }));
    const { total } = parseRunPage(answer.data, host);
    const seen =
      total === 0 ? `no workflow runs of ${gitRepository} yet` : `the workflow runs of ${gitRepository}`;
    return `${client.anonymous ? 'without credentials, sees' : 'sees'} ${seen}`;
  }

  function parsePage(answer: ApiResponse, address: PageAddress, filtered: boolean): RunPage {
    const { link, etag } = answer.headers;
    const parsed = parseRunPage(answer.data, host);
    const [odd] = parsed.unread;
    if (odd !== undefined) observer.skipped?.(connection, parsed.unread.length, odd.problem);
    return toRunPage({ ...parsed, ...address, link, etag, filtered, clock: parseDate(answer.headers) }, host);
  }

  return {
    host,
    generation: client.generation,
    probe,

    paging: 'numbered',
    cursorOf: (page) => formatCursor({ page }),
    // GitHub's names are case-insensitive.
    repositoryKey: (gitRepository) => gitRepository.toLowerCase(),

    async fetchRuns(gitRepository, cursor, validator) {
      const address = parseCursor(cursor);
      const question = askRuns(gitRepository, host, { per_page: PAGE_SIZE, page: address.page });
      const answer = await client.get({ ...question, validator });
      return answer.status === 304 ? 'unchanged' : parsePage(answer, address, false);
    },

    async fetchBranchRuns(gitRepository, branch, cursor) {
      const address = parseCursor(cursor);
      const { page, createdBy } = address;
      const created = createdBy === undefined ? undefined : `<=${rfc3339(createdBy)}`;
      const query = { per_page: PAGE_SIZE, page, branch, created };
      const answer = await client.get(askRuns(gitRepository, host, query));
      return parsePage(answer, address, true);
    },

    async fetchRun(gitRepository, id) {
      const question = askRun(gitRepository, host, id);
      try {
        const answer = await client.get(question);
        return parseRun(answer.data, host);
      } catch (error) {
        if (!(error instanceof UpstreamError) || error.failure.kind !== 'not_found') throw error;
        // GitHub answers 404 for what it hides, too: the run is gone only if its repository's runs can be read.
        await probe(gitRepository);
        return 'gone';
      }
    },
  };
}

function askedRuns(gitRepository: string) {
  return { what: `the workflow runs of ${gitRepository}`, permission: 'Actions: read' };
}

/** @param query `exclude_pull_requests` is added: the list would not name the pull request that triggered a run anyway */
function askRuns(gitRepository: string, host: string, query: CiRequest['query']): CiRequest {
  const { owner, repo } = nameOf(gitRepository, host);
  const path = apiPath`/repos/${owner}/${repo}/actions/runs`;
  return { ...askedRuns(gitRepository), path, query: { ...query, exclude_pull_requests: true } };
}

function askRun(gitRepository: string, host: string, id: string): CiRequest {
  const { owner, repo } = nameOf(gitRepository, host);
  const path = apiPath`/repos/${owner}/${repo}/actions/runs/${digitsOf(id, host)}`;
  return { ...askedRuns(gitRepository), path, query: { exclude_pull_requests: true } };
}

/** Whole seconds, as in GitHub's answers and its search syntax. */
function rfc3339(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
