/**
 * CircleCI's runs (`pipelines` until API v3): https://circleci.com/docs/api/v3/
 *
 * There are neither changes nor validators, so each refresh reads the newest page. A re-run adds a workflow to
 * its old run: it shows on that page, or when the branch is looked up again.
 */
import { UpstreamError } from '../../errors.ts';
import { apiPath } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient } from '../client.ts';
import type { CiDeps } from '../kind.ts';
import { createLatestChange } from '../latest-change.ts';
import type { CiProvider, Cursor, RunPage } from '../provider.ts';
import { createHistories } from './histories.ts';
import { createProjects } from './projects.ts';
import { parseRun, parseRunPage } from './schema.ts';
import { formatCursor, PAGE_SIZE, parseCursor, searchPeriod } from './search.ts';

const PERMISSION = 'a user who may see the project';

export interface CircleciOptions extends Pick<CiDeps, 'now'> {
  /** Name of the connection in the configuration. */
  readonly connection: string;
  /** Where people read runs: `https://app.circleci.com`. */
  readonly appUrl: string;
}

export function createCircleciProvider(
  client: CiClient,
  { connection, appUrl, now }: CircleciOptions,
): CiProvider {
  const { host } = client;
  const source = { host, api: 'CircleCI' };
  const projects = createProjects(client, connection, source, now);
  const histories = createHistories(client, source);
  const withLatestChange = createLatestChange();

  async function search(ciRepository: string, filter: string, cursor?: Cursor): Promise<RunPage> {
    const found = await projects.find(ciRepository);
    const start = parseCursor(cursor, now());
    const answer = await client.get({
      method: 'POST',
      path: '/api/v3/runs/search',
      json: {
        scope: { project_ids: found.map(({ id }) => id), ...searchPeriod(start.to) },
        filter,
        page: { cursor: start.cursor, limit: PAGE_SIZE },
      },
      what: `the runs of ${ciRepository}`,
      permission: PERMISSION,
    });
    const page = parseRunPage(answer.data, { projects: found, appUrl, source });
    const { runs, unread } = await histories.addTo(page.runs);
    client.reportUnread([...page.unread, ...unread]);
    return {
      runs: runs.map(withLatestChange),
      unread: [...page.unread, ...unread],
      next: page.next === undefined ? undefined : formatCursor({ to: start.to, cursor: page.next }),
      clock: parseDate(answer.headers),
    };
  }

  return {
    host,
    generation: client.generation,
    // The cursor is opaque, as the API's conventions say, and runs are not deleted.
    paging: 'keyset',
    // A run is named by the slug as the configuration spells it, so other spellings are other lists.
    repositoryKey: (ciRepository) => ciRepository,

    fetchRuns: (ciRepository, cursor) => search(ciRepository, '', cursor),

    async fetchBranchRuns(ciRepository, branch, cursor) {
      const { runs, ...page } = await search(ciRepository, onBranch(branch), cursor);
      return { ...page, runs: runs.filter((run) => run.branch === branch) };
    },

    async fetchPullRequestRuns(ciRepository, number, cursor) {
      const { runs, ...page } = await search(ciRepository, onBranch(`pull/${number}`), cursor);
      return { ...page, runs: runs.filter((run) => run.pullRequest === number) };
    },

    async fetchRun(ciRepository, id) {
      if (!/^[0-9a-f-]{36}$/i.test(id)) throw unknown(host);
      const found = await projects.find(ciRepository);
      const request = {
        path: apiPath`/api/v3/runs/${id}`,
        what: `the runs of ${ciRepository}`,
        permission: PERMISSION,
      };
      const answer = await client.find(request, () => projects.prove(ciRepository));
      if (answer === undefined) return 'gone';
      const run = parseRun(answer.data, { projects: found, appUrl, source });
      return withLatestChange(await histories.addToOne(run));
    },

    async probe(ciRepository) {
      await projects.prove(ciRepository);
      return `sees the project ${ciRepository.replaceAll(' ', ', ')}`;
    },
  };
}

/** https://circleci.com/docs/api/v3/: strings are quoted as in JSON. */
function onBranch(branch: string): string {
  return `pipeline.git.branch == ${JSON.stringify(branch)}`;
}

function unknown(host: string): UpstreamError {
  return new UpstreamError({ kind: 'not_found', host, message: 'the id of a run of CircleCI is a UUID' });
}
