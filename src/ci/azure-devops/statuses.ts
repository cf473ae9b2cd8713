/** Statuses of commits: https://learn.microsoft.com/rest/api/azure/devops/git/statuses */
import { z } from 'zod';
import { apiPath } from '../../upstream/json-api.ts';
import { malformed } from '../../upstream/failures.ts';
import type { CiClient } from '../client.ts';
import type { CommitStatus, CommitStatuses } from '../commit-statuses.ts';
import { parseShape } from '../elements.ts';
import { MAX_ELEMENTS, text, webUrl } from '../fields.ts';
import { repositoryApi } from './names.ts';
import { sourceOf } from './source.ts';

/** The server's own default. */
const MOST_STATUSES = MAX_ELEMENTS;

/** A contract test compares this with the API's description. */
export const azureStatusSchema = z.object({
  // Some older servers leave it out.
  id: z.int().nullish(),
  state: text.nullish(),
  context: z.object({ name: text, genre: text.nullish() }),
  targetUrl: z.unknown().optional(),
});

type AzureStatus = z.output<typeof azureStatusSchema>;

const pageSchema = z.object({ value: z.array(azureStatusSchema).max(MOST_STATUSES) });

export function createAzureDevOpsStatuses(client: CiClient): CommitStatuses {
  const { host } = client;
  return {
    host,
    async fetchStatuses(gitRepository, commit) {
      const { data } = await client.get({
        path: `${repositoryApi(gitRepository, host)}${apiPath`/commits/${commit}/statuses`}`,
        query: { latestOnly: true, top: MOST_STATUSES },
        what: `the statuses of a commit of ${gitRepository}`,
        permission: '"Code (Read)"',
      });
      const { value } = parseShape(pageSchema, data, sourceOf(client));
      // The list may be cut; nobody has so many contexts.
      if (value.length === MOST_STATUSES)
        throw malformed(host, `${host} lists too many statuses of a commit`);
      return { statuses: selectLatest(value).map(toStatus) };
    },
  };
}

/** If a server ignores `latestOnly` and lists the history, the highest id of a genre and name is the latest. */
function selectLatest(statuses: readonly AzureStatus[]): AzureStatus[] {
  const latest = new Map<string, AzureStatus>();
  for (const status of statuses) {
    const key = JSON.stringify([status.context.genre ?? '', status.context.name]);
    const other = latest.get(key);
    if (other === undefined || (status.id ?? 0) > (other.id ?? 0)) latest.set(key, status);
  }
  return [...latest.values()];
}

const STATES: Readonly<Record<string, CommitStatus['state']>> = {
  notSet: 'pending',
  pending: 'pending',
  succeeded: 'success',
};

function toStatus({ context: { genre, name }, state, targetUrl }: AzureStatus): CommitStatus {
  const outcome = state ?? 'notSet';
  return {
    // As branch policies write it.
    context: genre ? `${genre}/${name}` : name,
    state: STATES[outcome] ?? 'unsuccessful',
    outcome,
    url: webUrl(targetUrl),
  };
}
