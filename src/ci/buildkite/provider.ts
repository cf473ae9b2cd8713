/**
 * Buildkite's builds: https://buildkite.com/docs/apis/rest-api/builds#list-builds-for-a-pipeline
 *
 * There is no `fetchChanges`: filters by the time of creation or end (`created_from`, `finished_from`) do not
 * show a build whose job is retried or blocked, so the first page would seem confirmed although it is not.
 */
import { UpstreamError } from '../../errors.ts';
import { apiPath } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import type { CiDeps } from '../kind.ts';
import { hasNext } from '../link-header.ts';
import type { CiProvider, Cursor, RunPage } from '../provider.ts';
import { createLatestChange } from '../latest-change.ts';
import { mergePages, PAGE_SIZE, parseCursor, type PipelinePage } from './page.ts';
import { createRepositories } from './repositories.ts';
import { createRequest } from './request.ts';
import { namesRepository, parseBuild, parseBuilds, parseElements } from './schema.ts';

/** Neither jobs nor the pipeline, which make a page of 100 builds megabytes long. */
const BRIEF = { exclude_jobs: true, exclude_pipeline: true };

interface DatedPage extends PipelinePage {
  /** Buildkite's clock in the response, milliseconds since the epoch. */
  readonly clock: number | undefined;
}

export function createBuildkiteProvider(client: CiClient, { now }: Pick<CiDeps, 'now'>): CiProvider {
  const { host } = client;
  const source = { host, api: 'Buildkite' };
  const withLatestChange = createLatestChange();
  const repositories = createRepositories(client, source, now);

  async function fetchPage(pipeline: string, query: CiRequest['query']): Promise<DatedPage> {
    const { data, headers } = await client.get(ask(pipeline, '/builds', query));
    const elements = parseElements(data, source);
    const clock = parseDate(headers);
    const repository = namesRepository(elements) ? await repositories.find(pipeline) : undefined;
    const { runs, ...parsed } = parseBuilds(elements, { pipeline, repository, clock, source });
    client.reportUnread(parsed.unread);
    // A full page may be the last one, but a server with smaller pages must not seem to have no more.
    const more = hasNext(headers['link']) || elements.length >= PAGE_SIZE;
    return { ...parsed, runs: runs.map(withLatestChange), more, clock };
  }

  async function list(ciRepository: string, filter: CiRequest['query'], cursor?: Cursor): Promise<RunPage> {
    const start = parseCursor(cursor);
    const createdTo = start && new Date(start.createdBefore).toISOString().replace('.000', '');
    const query = { ...filter, per_page: PAGE_SIZE, created_to: createdTo };
    const pages = await Promise.all(pipelinesOf(ciRepository).map((pipeline) => fetchPage(pipeline, query)));
    return { ...mergePages(pages, start, host), clock: pages[0]?.clock };
  }

  return {
    host,
    generation: client.generation,
    paging: 'keyset',
    repositoryKey: (ciRepository) => pipelinesOf(ciRepository).toSorted().join(' '),

    fetchRuns: (ciRepository, cursor) => list(ciRepository, {}, cursor),

    async fetchBranchRuns(ciRepository, branch, cursor) {
      const { runs, ...page } = await list(ciRepository, { branch }, cursor);
      // The filter reads `*` as a wildcard.
      return { ...page, runs: runs.filter((run) => run.branch === branch) };
    },

    async fetchRun(ciRepository, id) {
      const [, pipeline, number] = /^([^#]+)#(\d+)$/.exec(id) ?? [];
      if (pipeline === undefined || number === undefined || !pipelinesOf(ciRepository).includes(pipeline)) {
        throw unknown(host);
      }
      const request = ask(pipeline, apiPath`/builds/${number}`, {});
      const answer = await client.find(request, () => fetchPage(pipeline, { per_page: 1 }));
      if (answer === undefined) return 'gone';
      const repository = namesRepository([answer.data]) ? await repositories.find(pipeline) : undefined;
      const clock = parseDate(answer.headers);
      return withLatestChange(parseBuild(answer.data, { pipeline, repository, clock, source }));
    },

    async probe(ciRepository) {
      const pages = await Promise.all(
        pipelinesOf(ciRepository).map((pipeline) => fetchPage(pipeline, { per_page: 1 })),
      );
      const isEmpty = pages.every(({ oldest }) => oldest === undefined);
      return isEmpty ? `sees no builds of ${ciRepository} yet` : `sees the builds of ${ciRepository}`;
    },
  };
}

/** @param ciRepository the names of pipelines, joined by blanks */
function pipelinesOf(ciRepository: string): string[] {
  return ciRepository.split(' ');
}

function ask(pipeline: string, path: string, query: CiRequest['query']): CiRequest {
  const what = `the builds of pipeline ${pipeline}`;
  return createRequest(pipeline, path, { query: { ...query, ...BRIEF }, what, permission: 'read_builds' });
}

function unknown(host: string): UpstreamError {
  const message = 'Buildkite numbers the builds of a pipeline; expected ORGANIZATION/PIPELINE#NUMBER';
  return new UpstreamError({ kind: 'not_found', host, message });
}
