/**
 * Statuses of a commit: https://docs.gitlab.com/api/commits/#list-the-statuses-of-a-commit. Jobs of all the
 * commit's pipelines and the statuses that other systems post share this list, because a posted status
 * becomes a job of a pipeline. The list has the latest of a name in each pipeline; of those, the one with the
 * highest id was set last, in whichever pipeline, and counts.
 */
import { z } from 'zod';
import { malformed } from '../../upstream/failures.ts';
import { apiPath } from '../../upstream/json-api.ts';
import type { CiClient } from '../client.ts';
import type { CommitStatus, CommitStatuses } from '../commit-statuses.ts';
import { parseShape } from '../elements.ts';
import { MAX_ELEMENTS, text, webUrl } from '../fields.ts';
import { fetchResource, sourceOf } from './client.ts';
import { PAGE_SIZE, placePage } from './page.ts';

/** A commit with more statuses is unreadable: one that is missing may be the latest of its name. */
const MAX_PAGES = 20;

const statusSchema = z.object({
  id: z.int().positive(),
  name: text,
  status: text,
  target_url: z.unknown().optional(),
});

type Status = z.output<typeof statusSchema>;

const statusesSchema = z.array(statusSchema).max(MAX_ELEMENTS);

/** A manual job waits for a person; nothing failed. */
const PENDING: ReadonlySet<string> = new Set(
  'created waiting_for_resource preparing waiting_for_callback pending running canceling scheduled manual'.split(
    ' ',
  ),
);

export function createGitLabStatuses(client: CiClient): CommitStatuses {
  const { host } = client;

  async function fetchPage(gitRepository: string, commit: string, page: number) {
    const path = apiPath`/repository/commits/${commit}/statuses`;
    const query = { per_page: PAGE_SIZE, page };
    const response = await fetchResource(client, { gitRepository, path, query, what: 'commit statuses' });
    const statuses = parseShape(statusesSchema, response.data, sourceOf(client));
    return { statuses, next: placePage(response, page, statuses.length, client).next };
  }

  return {
    host,
    async fetchStatuses(gitRepository, commit) {
      const all: Status[] = [];
      for (let page = 1; page <= MAX_PAGES; page++) {
        const { statuses, next } = await fetchPage(gitRepository, commit, page);
        all.push(...statuses);
        if (next === undefined) return { statuses: selectLatest(all) };
      }
      throw malformed(
        host,
        `${host} lists more statuses of a commit of ${gitRepository} than Greenpin reads`,
      );
    },
  };
}

function selectLatest(all: readonly Status[]): CommitStatus[] {
  const oldestFirst = all.toSorted((a, b) => a.id - b.id);
  const latest = new Map(oldestFirst.map((status) => [status.name, status]));
  return [...latest.values()].map(({ name, status, target_url }) => ({
    context: name,
    state: status === 'success' ? 'success' : PENDING.has(status) ? 'pending' : 'unsuccessful',
    outcome: status,
    url: webUrl(target_url),
  }));
}
