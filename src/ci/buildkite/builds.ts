/** Fetches the builds of one pipeline: https://buildkite.com/docs/apis/rest-api/builds */
import type { Run } from '../../resolve/types.ts';
import { apiPath } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import type { CiDeps } from '../kind.ts';
import { createLatestChange } from '../latest-change.ts';
import { hasNext } from '../link-header.ts';
import { PAGE_SIZE, type PipelinePage } from './page.ts';
import { createRepositories } from './repositories.ts';
import { createRequest } from './request.ts';
import { namesRepository, parseBuild, parseBuilds, parseElements } from './schema.ts';

/** Neither jobs nor the pipeline, which make a page of 100 builds megabytes long. */
const BRIEF = { exclude_jobs: true, exclude_pipeline: true };

interface DatedPage extends PipelinePage {
  /** Buildkite's clock in the response, milliseconds since the epoch. */
  readonly clock: number | undefined;
}

/** Each method throws `UpstreamError`. */
export interface Builds {
  fetchPage(pipeline: string, query: CiRequest['query']): Promise<DatedPage>;
  fetchBuild(pipeline: string, number: string): Promise<Run | 'gone'>;
}

export function createBuilds(client: CiClient, { now }: Pick<CiDeps, 'now'>): Builds {
  const source = { host: client.host, api: 'Buildkite' };
  const withLatestChange = createLatestChange();
  const repositories = createRepositories(client, source, now);

  const contextOf = async (pipeline: string, elements: readonly unknown[], clock: number | undefined) => {
    const repository = namesRepository(elements) ? await repositories.find(pipeline) : undefined;
    return { pipeline, repository, clock, source };
  };

  async function fetchPage(pipeline: string, query: CiRequest['query']): Promise<DatedPage> {
    const { data, headers } = await client.get(ask(pipeline, '/builds', query));
    const elements = parseElements(data, source);
    const clock = parseDate(headers);
    const { runs, ...parsed } = parseBuilds(elements, await contextOf(pipeline, elements, clock));
    client.reportUnread(parsed.unread);
    // A full page may be the last one, but a server with smaller pages must not seem to have no more.
    const more = hasNext(headers['link']) || elements.length >= PAGE_SIZE;
    return { ...parsed, runs: runs.map(withLatestChange), more, clock };
  }

  return {
    fetchPage,
    async fetchBuild(pipeline, number) {
      const request = ask(pipeline, apiPath`/builds/${number}`, {});
      const answer = await client.find(request, () => fetchPage(pipeline, { per_page: 1 }));
      if (answer === undefined) return 'gone';
      const context = await contextOf(pipeline, [answer.data], parseDate(answer.headers));
      return withLatestChange(parseBuild(answer.data, context));
    },
  };
}

function ask(pipeline: string, path: string, query: CiRequest['query']): CiRequest {
  const what = `the builds of pipeline ${pipeline}`;
  return createRequest(pipeline, path, { query: { ...query, ...BRIEF }, what, permission: '"read_builds"' });
}
