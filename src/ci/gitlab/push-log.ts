/** GitLab's pushes: https://docs.gitlab.com/api/events/ and https://docs.gitlab.com/api/commits/ */
import { z } from 'zod';
import { apiPath } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient } from '../client.ts';
import { parseShape, type Source } from '../elements.ts';
import { commit, id, instant, MAX_ELEMENTS, padNumber, text } from '../fields.ts';
import type { Cursor } from '../provider.ts';
import type { Push, PushLog, PushPage } from '../push-log.ts';
import { fetchResource, findResource, sourceOf } from './client.ts';
import { PAGE_SIZE, parsePageNumber, placePage } from './page.ts';

const eventsSchema = z.array(z.unknown()).max(MAX_ELEMENTS);

/** A push to a branch. */
const pushSchema = z.object({
  id,
  created_at: instant,
  push_data: z.object({
    action: z.enum(['created', 'pushed']),
    ref_type: z.literal('branch'),
    ref: text.min(1),
    commit_to: commit,
  }),
});

/**
 * A push of more refs at once than the instance's limit (three by default) names none of them
 * (`push_event_activities_limit`, https://docs.gitlab.com/administration/settings/push_event_activities_limit/).
 */
const otherSchema = z.object({
  id,
  created_at: instant,
  push_data: z
    .object({ action: text.catch(''), ref_type: text.catch('') })
    .catch({ action: '', ref_type: '' }),
});

const commitsSchema = z.array(z.object({ id: commit, committed_date: instant })).max(MAX_ELEMENTS);

export function createGitLabPushLog(client: CiClient): PushLog {
  const source = sourceOf(client);
  return {
    host: client.host,

    async fetchPushes(gitRepository, cursor) {
      const page = parsePageNumber(cursor);
      const query = { action: 'pushed', sort: 'desc', per_page: PAGE_SIZE, page };
      const resource = { gitRepository, path: '/events', query, what: 'push events' };
      const response = await fetchResource(client, resource);
      const events = parseShape(eventsSchema, response.data, source);
      const { next } = placePage(response, page, events.length, client);
      const clock = parseDate(response.headers);
      const end = events.findIndex(isOfUnknownBranches);
      const readable = end < 0 ? events : events.slice(0, end);
      const pushes = readable.flatMap((event) => toPush(event) ?? []);
      return end < 0 ? { pushes, next, clock } : { pushes, gap: parsePlace(events[end], source), clock };
    },

    async fetchBranchPushes(gitRepository, branch, cursor) {
      const { page, below } = parseCursor(cursor);
      const query = {
        // A tag may have the branch's name.
        ref_name: `refs/heads/${branch}`,
        first_parent: true,
        per_page: PAGE_SIZE,
        page,
      };
      const resource = { gitRepository, path: apiPath`/repository/commits`, query, what: 'commits' };
      const prove = () => fetchResource(client, { ...resource, query: { per_page: 1 } });
      const response = await findResource(client, resource, prove);
      if (response === undefined) return { pushes: [] };
      const commits = parseShape(commitsSchema, response.data, source);
      const pushes: Push[] = [];
      for (const { id: sha, committed_date } of commits) {
        // Committers' clocks differ, and their times are in whole seconds.
        const position = Math.min(committed_date, (pushes.at(-1)?.position ?? below) - 1);
        pushes.push({ branch, commit: sha, position, tie: '' });
      }
      const hasNext = placePage(response, page, commits.length, client).next !== undefined;
      const next = hasNext ? `${page + 1}@${pushes.at(-1)?.position ?? below}` : undefined;
      return { pushes, next, clock: parseDate(response.headers) };
    },
  };
}

/** True unless the event is the push of a known branch, or cannot have pushed a branch. */
function isOfUnknownBranches(event: unknown): boolean {
  if (toPush(event) !== undefined) return false;
  const { action, ref_type } = otherSchema.safeParse(event).data?.push_data ?? {};
  return action !== 'removed' && ref_type !== 'tag';
}

/** @throws UpstreamError `malformed` */
function parsePlace(event: unknown, source: Source): NonNullable<PushPage['gap']> {
  const place = parseShape(otherSchema, event, source);
  return { position: place.created_at, tie: padNumber(place.id) };
}

function toPush(event: unknown): Push | undefined {
  const { data } = pushSchema.safeParse(event);
  if (data === undefined) return undefined;
  const { ref: branch, commit_to } = data.push_data;
  return { branch, commit: commit_to, position: data.created_at, tie: padNumber(data.id) };
}

/** @param cursor a page, and the position of the commit before it: `2@1767225600000` */
function parseCursor(cursor: Cursor | undefined): { readonly page: number; readonly below: number } {
  if (cursor === undefined) return { page: 1, below: Number.MAX_SAFE_INTEGER };
  const [, page, below] = /^(\d+)@(-?\d+)$/.exec(cursor) ?? [];
  if (page === undefined) throw new RangeError('expected a cursor that this provider returned');
  return { page: Number(page), below: Number(below) };
}
