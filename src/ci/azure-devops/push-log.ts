/** The log of pushes: https://learn.microsoft.com/rest/api/azure/devops/git/pushes/list */
import { z } from 'zod';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import { parseShape, type Source } from '../elements.ts';
import { commit, instant, MAX_ELEMENTS, padNumber, text } from '../fields.ts';
import type { Cursor } from '../provider.ts';
import type { Push, PushLog, PushPage } from '../push-log.ts';
import { branchOf, digitsOf, repositoryApi } from './names.ts';
import { PAGE_SIZE } from './provider.ts';
import { sourceOf } from './source.ts';

/** A contract test compares this with the API's description. */
export const azurePushSchema = z.object({
  pushId: z.int().positive(),
  date: instant,
  refUpdates: z
    .array(z.object({ name: text, newObjectId: commit }))
    .max(MAX_ELEMENTS)
    .nullish(),
});

const pageSchema = z.object({ value: z.array(azurePushSchema).max(MAX_ELEMENTS) });

const DELETION = /^0+$/;

export function createAzureDevOpsPushLog(client: CiClient): PushLog {
  const { host } = client;
  const source = sourceOf(client);

  async function list(gitRepository: string, query: CiRequest['query'], cursor = '0'): Promise<PushPage> {
    const skip = Number(digitsOf(cursor, host));
    const { data, headers } = await client.get({
      path: `${repositoryApi(gitRepository, host)}/pushes`,
      query: { 'searchCriteria.includeRefUpdates': true, $top: PAGE_SIZE, $skip: skip, ...query },
      what: `the pushes of ${gitRepository}`,
      permission: '"Code (Read)"',
    });
    const { pushes, count } = parsePushPage(data, source);
    const next = count < PAGE_SIZE ? undefined : String(skip + count);
    return { pushes, next, clock: parseDate(headers) };
  }

  return {
    host,
    fetchPushes: (gitRepository: string, cursor?: Cursor) => list(gitRepository, {}, cursor),
    async fetchBranchPushes(gitRepository, branch, cursor) {
      const query = { 'searchCriteria.refName': `refs/heads/${branch}` };
      const page = await list(gitRepository, query, cursor);
      // A push can update several branches.
      return { ...page, pushes: page.pushes.filter((push) => push.branch === branch) };
    },
  };
}

/** @throws UpstreamError `malformed` */
export function parsePushPage(
  value: unknown,
  source: Source,
): { readonly pushes: readonly Push[]; readonly count: number } {
  const { value: elements } = parseShape(pageSchema, value, source);
  const before = new Map<string, number>();
  const pushes = elements.flatMap(({ pushId, date, refUpdates }) =>
    (refUpdates ?? []).flatMap(({ name, newObjectId }): Push[] => {
      const branch = branchOf(name);
      if (branch === undefined || DELETION.test(newObjectId)) return [];
      // Two pushes in the same millisecond must not share a position.
      const position = Math.min(date, (before.get(branch) ?? Infinity) - 1);
      before.set(branch, position);
      return [{ branch, commit: newObjectId, position, tie: padNumber(String(pushId)) }];
    }),
  );
  return { pushes, count: elements.length };
}
