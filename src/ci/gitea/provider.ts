/** Runs of Gitea Actions and Forgejo Actions. */
import { UpstreamError, type UpstreamFailureKind } from '../../errors.ts';
import type { Run } from '../../resolve/types.ts';
import { apiPath, type ApiResponse } from '../../upstream/json-api.ts';
import { malformedError } from '../../upstream/failures.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import type { CiDeps } from '../kind.ts';
import type { CiProvider, Cursor, RunPage } from '../provider.ts';
import type { Dialect } from './dialect.ts';
import { countMissing, createRequest, nextCursor, PAGE_SIZE, parseCursor } from './requests.ts';
import { explainMissingRuns } from './version.ts';

const WHAT = 'the workflow runs';
const RUNS = '/actions/runs';
/** An older server has no such list, and shows its web interface. */
const MISSING: ReadonlySet<UpstreamFailureKind> = new Set(['not_found', 'malformed']);

export function createGiteaProvider(
  client: CiClient,
  dialect: Dialect,
  { now }: Pick<CiDeps, 'now'>,
): CiProvider {
  const { host } = client;
  const asOf = ({ headers }: ApiResponse): number => parseDate(headers) ?? now();

  async function list(
    gitRepository: string,
    narrowing: CiRequest['query'],
    cursor: Cursor | undefined,
    isOurs?: (run: Run) => boolean,
  ): Promise<RunPage> {
    const address = parseCursor(cursor);
    const query = { ...narrowing, page: address.page, limit: PAGE_SIZE };
    const answer = await client.get(createRequest(gitRepository, WHAT, RUNS, query));
    const { runs, unread, total, length } = dialect.parseRunList(answer.data, host, asOf(answer));
    client.reportUnread(unread);
    const facts = { length, total, link: answer.headers['link'] };
    const next = nextCursor(address, facts, host);
    const missing = next === undefined ? countMissing(address, facts) : 0;
    // The list and its length come from two queries. If more runs are missing, it is incomplete.
    if (missing > 1) throw malformedError(host, 'half a page of workflow runs');
    const selected = isOurs === undefined ? runs : runs.filter(isOurs);
    return {
      runs: selected,
      unread,
      next,
      // It counts what the server has selected.
      total: selected.length === runs.length ? total : undefined,
      short: missing === 1,
      clock: parseDate(answer.headers),
    };
  }

  async function proveReadable(gitRepository: string): Promise<string> {
    const answer = await client.get(createRequest(gitRepository, WHAT, RUNS, { limit: 1 }));
    const { total } = dialect.parseRunList(answer.data, host, asOf(answer));
    return total === 0 ? `sees no workflow runs of ${gitRepository} yet` : `sees ${WHAT} of ${gitRepository}`;
  }

  return {
    host,
    generation: client.generation,

    paging: 'numbered',
    // Without links, only the pages before it tell where a page ends.
    cursorOf: dialect.links ? String : undefined,
    repositoryKey: (gitRepository) => gitRepository.toLowerCase(),

    fetchRuns: (gitRepository, cursor) => list(gitRepository, {}, cursor),

    fetchBranchRuns: (gitRepository, branch, cursor) =>
      list(
        gitRepository,
        dialect.branchQuery(branch),
        cursor,
        (run) => run.branch === branch && run.refKind !== 'tag',
      ),

    fetchPullRequestRuns: (gitRepository, number, cursor) =>
      list(gitRepository, dialect.pullRequestQuery(number), cursor, (run) => run.pullRequest === number),

    async fetchRun(gitRepository, id) {
      const request = createRequest(gitRepository, WHAT, `${RUNS}${apiPath`/${id}`}`);
      const answer = await client.find(request, () => proveReadable(gitRepository));
      return answer === undefined ? 'gone' : dialect.parseRun(answer.data, host, asOf(answer));
    },

    async probe(gitRepository) {
      try {
        return await proveReadable(gitRepository);
      } catch (error) {
        if (!(error instanceof UpstreamError) || !MISSING.has(error.failure.kind)) throw error;
        throw await explainMissingRuns(client, dialect, error);
      }
    },
  };
}
