/** Build statuses of Bitbucket Data Center: https://developer.atlassian.com/server/bitbucket/rest/v905/api-group-builds-and-deployments/ */
import { z } from 'zod';
import { UpstreamError } from '../../errors.ts';
import { apiPath } from '../../upstream/json-api.ts';
import { inGroups } from '../../resilience/in-groups.ts';
import type { CiClient } from '../client.ts';
import type { CommitStatus, CommitStatuses } from '../commit-statuses.ts';
import { parseShape, type Source } from '../elements.ts';
import { text, webUrl } from '../fields.ts';
import type { Cursor } from '../provider.ts';
import { PERMISSION } from './git-host.ts';
import { repositoryPath } from './names.ts';
import { API, parseCursor, parsePage } from './page.ts';

/** Bitbucket lists the newest 100 statuses of a commit. */
const PAGE_SIZE = 100;
const MAX_PAGES = 5;
const AT_ONCE = 8;

/** A contract test compares this with Bitbucket's OpenAPI description. */
export const buildStatusSchema = z.object({ key: text, state: text, url: z.unknown().optional() });

type RawStatus = z.output<typeof buildStatusSchema>;

const statusesSchema = z.array(buildStatusSchema);

const STATES: Readonly<Record<string, CommitStatus['state']>> = {
  SUCCESSFUL: 'success',
  INPROGRESS: 'pending',
};

/**
 * The only list of a commit's statuses is the server's, not the repository's: a fork shares its commits, and
 * a status that was set for the fork is listed, too. So what the repository has for a key is read by the key,
 * wherever the list shows a success.
 */
export function createBitbucketServerStatuses(client: CiClient): CommitStatuses {
  const { host } = client;
  const source: Source = { host, api: API };

  async function fetchList(gitRepository: string, commit: string): Promise<readonly RawStatus[]> {
    const statuses: RawStatus[] = [];
    let cursor: Cursor | undefined = '0';
    for (let pages = 0; cursor !== undefined; pages++) {
      if (pages === MAX_PAGES) throw tooMany(host, gitRepository);
      const start: number = parseCursor(cursor);
      const { data } = await client.get({
        path: apiPath`/rest/build-status/latest/commits/${commit}`,
        query: { orderBy: 'NEWEST', limit: PAGE_SIZE, start },
        what: `the build statuses of ${gitRepository}`,
        permission: PERMISSION,
      });
      const { values, next } = parsePage(data, start, source);
      statuses.push(...parseShape(statusesSchema, values, source));
      cursor = next;
    }
    return statuses;
  }

  /** @returns undefined if the repository has no status of this key */
  async function fetchOwn(
    gitRepository: string,
    commit: string,
    key: string,
  ): Promise<RawStatus | undefined> {
    const repository = repositoryPath(gitRepository, host);
    const what = `the build statuses of ${gitRepository}`;
    const request = {
      path: `${repository}${apiPath`/commits/${commit}/builds`}`,
      query: { key },
      what,
      permission: PERMISSION,
    };
    const answer = await client.find(request, () =>
      client.get({ path: repository, what, permission: PERMISSION }),
    );
    return answer && parseShape(buildStatusSchema, answer.data, source);
  }

  async function resolveKey(
    gitRepository: string,
    commit: string,
    key: string,
    listed: readonly RawStatus[],
  ): Promise<CommitStatus[]> {
    // Nothing can come of the others: the gate stays closed whoever has set them.
    if (!listed.some(({ state }) => state in STATES && STATES[state] === 'success')) {
      return listed.map(toStatus);
    }
    const own = await fetchOwn(gitRepository, commit, key);
    if (own !== undefined) return [toStatus({ ...own, key })];
    return [{ context: key, state: 'unsuccessful', outcome: 'not set for this repository' }];
  }

  return {
    host,
    async fetchStatuses(gitRepository, commit) {
      const byKey = Map.groupBy(await fetchList(gitRepository, commit), ({ key }) => key);
      const statuses = await inGroups([...byKey], AT_ONCE, ([key, listed]) =>
        resolveKey(gitRepository, commit, key, listed),
      );
      return { statuses: statuses.flat() };
    },
  };
}

function toStatus({ key, state, url }: RawStatus): CommitStatus {
  return { context: key, state: STATES[state] ?? 'unsuccessful', outcome: state, url: webUrl(url) };
}

function tooMany(host: string, gitRepository: string): UpstreamError {
  const message = `a commit of ${gitRepository} has more build statuses than can be read from ${host}`;
  return new UpstreamError({ kind: 'unavailable', host, message });
}
