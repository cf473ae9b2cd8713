/** GitHub Actions, as https://docs.github.com/rest/actions/workflow-runs describes it. */
import { UpstreamError } from '../../errors.ts';
import type { CiDeps } from '../deps.ts';
import type { CiRequest } from '../client.ts';
import { createGitHubClient, type GitHubConnection } from './client.ts';
import { createGitHubInspector } from './inspector.ts';
import { digitsOf, nameOf } from './names.ts';
import { PAGE_SIZE, toRunPage } from './page.ts';
import { parsePullRequest, parseRun, parseRunPage } from './schema.ts';
import { apiPath, type ApiResponse } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiInspector, CiProvider, RunPage } from '../provider.ts';

/** @returns the provider; nothing is sent or read before its first call */
export function createGitHubProvider(connection: GitHubConnection, deps: CiDeps): CiProvider & CiInspector {
  const client = createGitHubClient(connection, deps);
  const { host } = client;

  async function probe(gitRepository: string): Promise<string> {
    const answer = await client.get(askRuns(gitRepository, host, { per_page: 1 }));
    const { total } = parseRunPage(answer.data, host);
    const seen =
      total === 0 ? `no workflow runs of ${gitRepository} yet` : `the workflow runs of ${gitRepository}`;
    return `${client.anonymous ? 'without credentials, sees' : 'sees'} ${seen}`;
  }

  function parsePage(answer: ApiResponse, page: number, filtered: boolean): RunPage {
    const { link, etag } = answer.headers;
    const parsed = parseRunPage(answer.data, host);
    const [odd] = parsed.unread;
    if (odd !== undefined) deps.observer.skipped?.(connection.name, parsed.unread.length, odd.problem);
    return toRunPage({ ...parsed, link, etag, page, filtered, clock: parseDate(answer.headers) }, host);
  }

  return {
    ...createGitHubInspector(client),
    host,
    generation: client.generation,
    probe,

    async fetchRuns(gitRepository, page, validator) {
      const question = askRuns(gitRepository, host, { per_page: PAGE_SIZE, page });
      const answer = await client.get({ ...question, validator });
      return answer.status === 304 ? 'unchanged' : parsePage(answer, page, false);
    },

    async fetchBranchRuns(gitRepository, branch, page, createdBy) {
      const created = createdBy === undefined ? undefined : `<=${rfc3339(createdBy)}`;
      const query = { per_page: PAGE_SIZE, page, branch, created };
      const answer = await client.get(askRuns(gitRepository, host, query));
      return parsePage(answer, page, true);
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

    async fetchPullRequest(gitRepository, number) {
      const askedAt = deps.now();
      const answer = await client.get(askPullRequest(gitRepository, host, number));
      const { createdAt, ...head } = parsePullRequest(answer.data, host);
      return { ...head, openedAfter: openedAfter(createdAt, parseDate(answer.headers), askedAt) };
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

function askPullRequest(gitRepository: string, host: string, number: string): CiRequest {
  const { owner, repo } = nameOf(gitRepository, host);
  const path = apiPath`/repos/${owner}/${repo}/pulls/${digitsOf(number, host)}`;
  return { path, what: `the pull request of ${gitRepository}`, permission: 'Pull requests: read' };
}

/** Whole seconds, as in GitHub's answers and its search syntax. */
function rfc3339(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

const SECOND = 1000;
/** By so much GitHub's clock may differ from ours where it does not tell its own. */
const CLOCK_MARGIN = 600 * SECOND;

/**
 * @param createdAt of the pull request, by GitHub's clock, in whole seconds
 * @param clock GitHub's, as its answer tells it in whole seconds: so the pull request's age is known whatever our clock says
 * @param askedAt by our clock, before the question was sent
 */
function openedAfter(createdAt: number | null, clock: number | undefined, askedAt: number): number | null {
  if (createdAt === null) return null;
  return clock === undefined ? createdAt - CLOCK_MARGIN : askedAt - (clock - createdAt) - SECOND;
}
