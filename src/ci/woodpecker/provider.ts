/** Woodpecker's pipelines (server/api/pipeline.go). */
import type { Run } from '../../resolve/types.ts';
import { isWithin, type Clock } from '../../clock.ts';
import { UpstreamError } from '../../errors.ts';
import { createBoundedCache } from '../../resilience/bounded-cache.ts';
import { SingleFlight } from '../../resilience/single-flight.ts';
import { apiPath } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import type { Source } from '../elements.ts';
import type { CiProvider, Cursor, RunPage } from '../provider.ts';
import { parsePipeline, parsePipelines, parseRepositoryId } from './schema.ts';

/** The server's largest page; it ignores a larger number. */
const PAGE_SIZE = 50;
const PERMISSION = 'read access';
const MAX_REPOSITORIES = 10_000;
/** Another repository may get the name of one that was renamed. */
const FRESH_FOR = 600_000;

/** Every event but those of pull requests, whose `branch` is the target branch. */
const BRANCH_EVENTS = 'push,manual,cron,deployment';

/** @param url of the server, for links */
export function createWoodpeckerProvider(client: CiClient, url: string, now: Clock): CiProvider {
  const { host } = client;
  const source: Source = { host, api: 'Woodpecker' };
  const repositoryIds = createRepositoryIds(client, source, now);

  async function list(
    name: string,
    query: CiRequest['query'],
    cursor: Cursor | undefined,
    isListed: (run: Run) => boolean,
  ): Promise<RunPage> {
    const page = parseCursor(cursor);
    const repositoryId = await repositoryIds.resolve(name);
    const request = createRequest(name, apiPath`/repos/${repositoryId}/pipelines`, {
      ...query,
      page,
      perPage: PAGE_SIZE,
    });
    const { data, headers } = await repositoryIds.forgetIfGone(name, () => client.get(request));
    const { runs, unread, count } = parsePipelines(data, contextOf(repositoryId), source);
    client.reportUnread(unread);
    return {
      runs: runs.filter(isListed),
      unread,
      // There may be no page after a full one; it is then empty.
      next: count < PAGE_SIZE ? undefined : String(page + 1),
      clock: parseDate(headers),
    };
  }

  function contextOf(repositoryId: string) {
    return { repositoryId, webUrl: `${url}/repos/${repositoryId}/pipeline` };
  }

  return {
    host,
    paging: 'numbered',
    cursorOf: String,
    // Woodpecker finds a repository whatever the case of its name.
    repositoryKey: (name) => name.toLowerCase(),
    generation: client.generation,
    fetchRuns: (name, cursor) => list(name, {}, cursor, () => true),
    // Servers before 3.0 ignore the filters, and a database may compare names without case.
    fetchBranchRuns: (name, branch, cursor) =>
      list(name, { branch, event: BRANCH_EVENTS }, cursor, (run) => run.branch === branch),
    fetchPullRequestRuns: (name, number, cursor) =>
      list(name, { ref: `/${number}/` }, cursor, (run) => run.pullRequest === number),

    async fetchRun(name, id) {
      const repositoryId = await repositoryIds.resolve(name);
      const request = createRequest(name, apiPath`/repos/${repositoryId}/pipelines/${id}`);
      const answer = await client.find(request, () => repositoryIds.fetch(name));
      return answer === undefined ? 'gone' : parsePipeline(answer.data, contextOf(repositoryId), source);
    },

    async probe(name) {
      await repositoryIds.fetch(name);
      return `${client.anonymous ? 'without credentials, may' : 'may'} read the pipelines of ${name}`;
    },
  };
}

/** Paths contain the repository's id, which stays the same when the repository is renamed. */
function createRepositoryIds(client: CiClient, source: Source, now: Clock) {
  const ids = createBoundedCache<{ readonly id: string; readonly at: number }>(MAX_REPOSITORIES);
  const flights = new SingleFlight();

  async function fetch(name: string): Promise<string> {
    const at = now();
    const [owner = '', ...rest] = name.split('/');
    const path = ['/repos/lookup', ...[owner, ...rest].map((part) => apiPath`${part}`)].join('/');
    const { data } = await client.get(createRequest(name, path));
    const id = parseRepositoryId(data, source);
    ids.set(name, { id, at });
    return id;
  }

  return {
    fetch,
    async resolve(name: string): Promise<string> {
      const known = ids.get(name);
      const isFresh = known !== undefined && isWithin(now(), known.at, FRESH_FOR);
      return isFresh ? known.id : flights.do(name, () => fetch(name));
    },
    /** A repository that was removed and added again has another id. */
    async forgetIfGone<T>(name: string, call: () => Promise<T>): Promise<T> {
      try {
        return await call();
      } catch (error) {
        if (error instanceof UpstreamError && error.failure.kind === 'not_found') ids.delete(name);
        throw error;
      }
    },
  };
}

function createRequest(name: string, path: string, query?: CiRequest['query']): CiRequest {
  return { path: `/api${path}`, query, what: `the pipelines of ${name}`, permission: PERMISSION };
}

/** @throws RangeError for another provider's cursor */
function parseCursor(cursor: Cursor = '1'): number {
  if (!/^[1-9]\d{0,9}$/.test(cursor)) throw new RangeError('expected a cursor that this provider returned');
  return Number(cursor);
}
