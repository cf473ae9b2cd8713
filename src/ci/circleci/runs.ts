/** Fetches the runs of projects, with what their workflows say: https://circleci.com/docs/api/v3/ */
import { UpstreamError } from '../../errors.ts';
import type { Run } from '../../resolve/types.ts';
import { apiPath } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient } from '../client.ts';
import { requireNewestFirst } from '../elements.ts';
import type { CiDeps } from '../kind.ts';
import type { Cursor, RunPage } from '../provider.ts';
import { createHistories } from './histories.ts';
import type { Projects } from './projects.ts';
import { parseRun, parseRunPage } from './schema.ts';
import {
  formatCursor,
  PAGE_SIZE,
  parseCursor,
  periodBefore,
  searchPeriod,
  type SearchStart,
} from './search.ts';

export interface RunsOptions extends Pick<CiDeps, 'now'> {
  readonly projects: Projects;
  /** Where people read runs: `https://app.circleci.com`. */
  readonly appUrl: string;
}

/** Each method throws `UpstreamError`. */
export interface Runs {
  /** @param filter an expression over runs; empty: all of them */
  search(ciRepository: string, filter: string, cursor?: Cursor): Promise<RunPage>;
  fetchRun(ciRepository: string, id: string): Promise<Run | 'gone'>;
}

export function createRuns(client: CiClient, { projects, appUrl, now }: RunsOptions): Runs {
  const source = { host: client.host, api: 'CircleCI' };
  const histories = createHistories(client, source);

  return {
    async search(ciRepository, filter, cursor) {
      const found = await projects.find(ciRepository);
      const start = parseCursor(cursor, now());
      const scope = { project_ids: found.map(({ id }) => id), ...searchPeriod(start.to) };
      const json = { scope, filter, page: { cursor: start.cursor, limit: PAGE_SIZE } };
      const path = '/api/v3/runs/search';
      const request = { ...describe(ciRepository), method: 'POST', path, json } as const;
      const answer = await client.get(request).catch((error: unknown) => endIfRefused(error, start));
      if (answer === undefined) return { runs: [] };
      const { data, headers } = answer;
      const page = parseRunPage(data, { projects: found, appUrl, source });
      requireNewestFirst(page.runs, source);
      const { runs, unread: odd } = await histories.addTo(page.runs);
      const unread = [...page.unread, ...odd];
      client.reportUnread(unread);
      // Older runs are outside the period, so its end proves nothing about a branch.
      const end = filter === '' ? undefined : periodBefore(start);
      const next = page.next === undefined ? end : { ...start, cursor: page.next };
      const short = next === undefined && filter === '';
      return { runs, unread, next: next && formatCursor(next), short, clock: parseDate(headers) };
    },

    async fetchRun(ciRepository, id) {
      if (!/^[0-9a-f-]{36}$/i.test(id)) throw unknown(client.host);
      const found = await projects.find(ciRepository);
      const request = { ...describe(ciRepository), path: apiPath`/api/v3/runs/${id}` };
      const answer = await client.find(request, () => projects.prove(ciRepository));
      if (answer === undefined) return 'gone';
      const run = parseRun(answer.data, { projects: found, appUrl, source });
      return histories.addToOne(run);
    },
  };
}

/** Whether CircleCI allows searches of older periods is not documented. @throws the error otherwise */
function endIfRefused(error: unknown, { older }: SearchStart): undefined {
  if (older === 0 || !(error instanceof UpstreamError) || error.failure.kind !== 'malformed') throw error;
}

function describe(ciRepository: string) {
  return { what: `the runs of ${ciRepository}`, permission: 'a user with read access' };
}

function unknown(host: string): UpstreamError {
  return new UpstreamError({ kind: 'not_found', host, message: 'the id of a run of CircleCI is a UUID' });
}
