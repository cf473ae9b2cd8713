/** Commit statuses of Bitbucket Cloud: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/ */
import { z } from 'zod';
import { UpstreamError } from '../../errors.ts';
import { apiPath } from '../../upstream/json-api.ts';
import type { CiClient } from '../client.ts';
import type { CommitStatus, CommitStatuses } from '../commit-statuses.ts';
import { parseShape, type Source } from '../elements.ts';
import { text, webUrl } from '../fields.ts';
import type { Cursor } from '../provider.ts';
import { repositoryPath } from './names.ts';
import { API, listFields, parseCursor, parsePage } from './page.ts';

const PAGE_SIZE = 100;
const MAX_PAGES = 10;

/** A contract test compares this with Bitbucket's OpenAPI description. */
export const statusSchema = z.object({ key: text, state: text, url: z.unknown().optional() });

const statusesSchema = z.array(statusSchema);

const STATES: Readonly<Record<string, CommitStatus['state']>> = {
  SUCCESSFUL: 'success',
  INPROGRESS: 'pending',
};

/**
 * A status is known by its key, which stays the same from commit to commit; names often contain the number of
 * the build. Bitbucket keeps one status of each key: the latest.
 */
export function createBitbucketStatuses(client: CiClient): CommitStatuses {
  const { host } = client;
  const source: Source = { host, api: API };
  return {
    host,
    async fetchStatuses(gitRepository, commit) {
      const repository = repositoryPath(gitRepository, host);
      const what = `the commit statuses of ${gitRepository}`;
      const permission = 'repository';
      const proveReadable = () =>
        client.get({ path: repository, query: { fields: 'uuid' }, what, permission });
      const statuses: CommitStatus[] = [];
      let cursor: Cursor | undefined = '1';
      for (let pages = 0; cursor !== undefined; pages++) {
        if (pages === MAX_PAGES) throw tooMany(host, gitRepository);
        const page: number = parseCursor(cursor);
        const query = { pagelen: PAGE_SIZE, page, fields: listFields(['key', 'state', 'url']) };
        const path = `${repository}${apiPath`/commit/${commit}/statuses`}`;
        const answer = await client.find({ path, query, what, permission }, proveReadable);
        if (answer === undefined) return { statuses: [] };
        const { values, next } = parsePage(answer.data, { page, pagelen: PAGE_SIZE }, source);
        statuses.push(...parseShape(statusesSchema, values, source).map(toStatus));
        cursor = next;
      }
      return { statuses };
    },
  };
}

function toStatus({ key, state, url }: z.output<typeof statusSchema>): CommitStatus {
  return { context: key, state: STATES[state] ?? 'unsuccessful', outcome: state, url: webUrl(url) };
}

function tooMany(host: string, gitRepository: string): UpstreamError {
  const message = `a commit of ${gitRepository} has more statuses than can be read from ${host}`;
  return new UpstreamError({ kind: 'unavailable', host, message });
}
