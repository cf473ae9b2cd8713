/** Bitbucket Pipelines: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/ */
import { apiPath } from '../../upstream/json-api.ts';
import { malformedError } from '../../upstream/failures.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import { requireNewestFirst, type Source } from '../elements.ts';
import type { CiProvider, Cursor, RunPage } from '../provider.ts';
import { bracedUuid, repositoryPath } from './names.ts';
import { API, listFields, parseCursor, parsePage } from './page.ts';
import { parsePipeline, parsePipelines, PIPELINE_FIELDS } from './schema.ts';

/** The largest page. */
const PAGE_SIZE = 100;

export function createBitbucketProvider(client: CiClient): CiProvider {
  const { host } = client;
  const source: Source = { host, api: API };

  async function list(
    gitRepository: string,
    query: CiRequest['query'],
    cursor?: Cursor,
    pagelen = PAGE_SIZE,
  ): Promise<RunPage> {
    const page = parseCursor(cursor);
    // Without a sort key, the oldest pipeline comes first.
    const asked = { sort: '-created_on', pagelen, page, fields: listFields(PIPELINE_FIELDS), ...query };
    const { data, headers } = await client.get(createRequest(gitRepository, host, '', asked));
    const { values, total, missing, next } = parsePage(data, { page, pagelen }, source);
    const clock = parseDate(headers);
    const parsed = parsePipelines(values, { gitRepository, clock }, source);
    requireNewestFirst(parsed.runs, source);
    client.reportUnread(parsed.unread);
    const isEmpty = values.length === 0;
    if (missing > 1 || (isEmpty && (missing > 0 || next !== undefined))) {
      throw malformedError(host, 'half a page of pipelines');
    }
    return { ...parsed, next, total, short: missing === 1, clock };
  }

  async function probe(gitRepository: string): Promise<string> {
    const { runs, unread = [] } = await list(gitRepository, {}, undefined, 1);
    const seen =
      runs.length + unread.length === 0
        ? `no pipelines of ${gitRepository} yet`
        : `the pipelines of ${gitRepository}`;
    return `${client.anonymous ? 'without credentials, sees' : 'sees'} ${seen}`;
  }

  return {
    host,
    generation: client.generation,
    probe,

    paging: 'numbered',
    // A pipeline has no time of a pause, nor an end while failed steps run again.
    datesChanges: false,
    cursorOf: String,
    repositoryKey: (gitRepository) => gitRepository.toLowerCase(),

    fetchRuns: (gitRepository, cursor) => list(gitRepository, {}, cursor),

    async fetchBranchRuns(gitRepository, branch, cursor) {
      const { runs, unread = [], ...page } = await list(gitRepository, { 'target.branch': branch }, cursor);
      return {
        ...page,
        // Bitbucket ignores a filter that it does not know, so the answer may show every branch.
        runs: runs.filter((run) => run.branch === branch),
        unread: unread.filter((run) => run.branch === null || run.branch === branch),
        // It counts the pipelines that were left out, too.
        total: undefined,
        short: undefined,
      };
    },

    async fetchRun(gitRepository, id) {
      const path = apiPath`/${bracedUuid(id, host)}`;
      const request = createRequest(gitRepository, host, path, { fields: PIPELINE_FIELDS.join(',') });
      const answer = await client.find(request, () => probe(gitRepository));
      if (answer === undefined) return 'gone';
      return parsePipeline(answer.data, { gitRepository, clock: parseDate(answer.headers) }, host);
    },
  };
}

/** @param path below the repository's pipelines */
function createRequest(
  gitRepository: string,
  host: string,
  path: string,
  query: CiRequest['query'],
): CiRequest {
  return {
    path: `${repositoryPath(gitRepository, host)}/pipelines${path}`,
    query,
    what: `the pipelines of ${gitRepository}`,
    permission: 'pipeline',
  };
}
