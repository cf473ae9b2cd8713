/**
 * The builds of one or several Buildkite pipelines, as one list.
 *
 * There is no `fetchChanges`: filters by the time of creation or end (`created_from`, `finished_from`) do not
 * show a build whose job is retried or blocked, so the first page would seem confirmed although it is not.
 */
import { UpstreamError } from '../../errors.ts';
import type { CiClient, CiRequest } from '../client.ts';
import type { CiDeps } from '../kind.ts';
import type { CiProvider, Cursor, RunPage } from '../provider.ts';
import { createBuilds } from './builds.ts';
import { formatStart, mergePages, PAGE_SIZE, parseCursor } from './page.ts';

export function createBuildkiteProvider(client: CiClient, deps: Pick<CiDeps, 'now'>): CiProvider {
  const { host } = client;
  const builds = createBuilds(client, deps);

  const fetchPages = (ciRepository: string, query: CiRequest['query']) =>
    Promise.all(pipelinesOf(ciRepository).map((pipeline) => builds.fetchPage(pipeline, query)));

  async function list(ciRepository: string, filter: CiRequest['query'], cursor?: Cursor): Promise<RunPage> {
    const start = parseCursor(cursor);
    const query = { ...filter, per_page: PAGE_SIZE, created_to: start && formatStart(start) };
    const pages = await fetchPages(ciRepository, query);
    return { ...mergePages(pages, start, host), clock: pages[0]?.clock };
  }

  return {
    host,
    generation: client.generation,
    paging: 'keyset',
    // A build whose job is retried has no end until it has ended again.
    datesChanges: false,
    repositoryKey: (ciRepository) => pipelinesOf(ciRepository).toSorted().join(' '),

    fetchRuns: (ciRepository, cursor) => list(ciRepository, {}, cursor),

    async fetchBranchRuns(ciRepository, branch, cursor) {
      const { runs, ...page } = await list(ciRepository, { branch }, cursor);
      // The filter reads `*` as a wildcard.
      return { ...page, runs: runs.filter((run) => run.branch === branch) };
    },

    fetchRun: async (ciRepository, id) => builds.fetchBuild(...parseId(id, ciRepository, host)),

    async probe(ciRepository) {
      const pages = await fetchPages(ciRepository, { per_page: 1 });
      const isEmpty = pages.every(({ oldest }) => oldest === undefined);
      return isEmpty ? `sees no builds of ${ciRepository} yet` : `sees the builds of ${ciRepository}`;
    },
  };
}

/** @param ciRepository the names of pipelines, joined by blanks */
function pipelinesOf(ciRepository: string): string[] {
  return ciRepository.split(' ');
}

/** @param id `acme/shop#12` @throws UpstreamError `not_found` if it is none of these pipelines' */
function parseId(id: string, ciRepository: string, host: string): [pipeline: string, number: string] {
  const [, pipeline = '', number = ''] = /^([^#]+)#(\d+)$/.exec(id) ?? [];
  if (pipelinesOf(ciRepository).includes(pipeline)) return [pipeline, number];
  const message = 'Buildkite numbers the builds of a pipeline; expected ORGANIZATION/PIPELINE#NUMBER';
  throw new UpstreamError({ kind: 'not_found', host, message });
}
