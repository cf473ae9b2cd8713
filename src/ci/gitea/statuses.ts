/** Commit statuses of Gitea and Forgejo (`routers/api/v1/repo/status.go`). */
import { z } from 'zod';
import { apiPath } from '../../upstream/json-api.ts';
import { malformed } from '../../upstream/failures.ts';
import type { CiClient } from '../client.ts';
import type { CommitStatus, CommitStatuses } from '../commit-statuses.ts';
import { parseShape, type Source } from '../elements.ts';
import { MAX_ELEMENTS, text, webUrl } from '../fields.ts';
import { createProof, createRequest, nextCursor, PAGE_SIZE, parseCursor, totalOf } from './requests.ts';

/** A contract test compares this with the OpenAPI description of Gitea 1.26.0. */
export const giteaStatusSchema = z.object({
  // Counts the statuses of the commit.
  id: z.int().nonnegative(),
  context: text,
  status: text,
  target_url: z.string().nullish(),
});

/** `statuses` is null if there are none. */
const combinedSchema = z.object({
  statuses: z.array(giteaStatusSchema).max(MAX_ELEMENTS).nullish(),
  total_count: z.int().nonnegative(),
});

/** Far more statuses than any commit has. */
const MAX_PAGES = 20;

/**
 * The combined status holds the latest status of each context, which the server selects by their index; the
 * list of all statuses is sorted by seconds, so that an older one may come first. Since 1.27, two workflows of
 * one name may share a context, and both are latest. Its `state` counts `skipped` as a success.
 * @param url of the instance, for the links of its own statuses, which are relative
 */
export function createGiteaStatuses(client: CiClient, source: Source, url: string): CommitStatuses {
  return {
    host: client.host,

    async fetchStatuses(gitRepository, commit) {
      const prove = () => client.get(createProof(gitRepository));
      const statuses: CommitStatus[] = [];
      let cursor: string | undefined;
      for (let pages = 0; pages === 0 || cursor !== undefined; pages++) {
        if (pages >= MAX_PAGES) throw tooMany(client.host);
        const address = parseCursor(cursor);
        const query = { page: address.page, limit: PAGE_SIZE };
        const path = apiPath`/commits/${commit}/status`;
        const request = createRequest(gitRepository, 'the commit statuses', path, query);
        const answer = await client.find(request, prove);
        // An unknown commit has no statuses.
        if (answer === undefined) break;
        const page = parseShape(combinedSchema, answer.data, source).statuses ?? [];
        statuses.push(...page.toSorted((a, b) => b.id - a.id).map((status) => toStatus(status, url)));
        const facts = { length: page.length, total: totalOf(answer), link: answer.headers['link'] };
        cursor = nextCursor(address, facts, client.host);
      }
      return { statuses };
    },
  };
}

function tooMany(host: string) {
  return malformed(host, `${host} lists more statuses of a commit than Greenpin reads`);
}

function toStatus(status: z.output<typeof giteaStatusSchema>, url: string): CommitStatus {
  const { context, status: outcome, target_url: target } = status;
  return { context, outcome, state: stateOf(outcome), url: linkOf(target ?? '', url) };
}

/** `error`, `failure`, `warning`, and `skipped`: a workflow that its path filter holds back. */
function stateOf(outcome: string): CommitStatus['state'] {
  return outcome === 'success' || outcome === 'pending' ? outcome : 'unsuccessful';
}

/** Actions link `/OWNER/NAME/actions/runs/1/jobs/0`, with the instance's path if it has one. */
function linkOf(target: string, url: string): string {
  const isRelative = target.startsWith('/') && !target.startsWith('//');
  return webUrl(isRelative ? new URL(url).origin + target : target);
}
