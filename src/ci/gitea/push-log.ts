/** Pushes to the branches of a Gitea or Forgejo repository. */
import { z } from 'zod';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient } from '../client.ts';
import { parseShape, type Source } from '../elements.ts';
import { followFirstParents, parseHistoryCursor, type ListedCommit } from '../first-parents.ts';
import { commit, id, instant, MAX_ELEMENTS, padNumber, text } from '../fields.ts';
import type { Push, PushLog } from '../push-log.ts';
import { createProof, createRequest, nextCursor, PAGE_SIZE, parseCursor, totalOf } from './requests.ts';

const listSchema = z.array(z.unknown()).max(MAX_ELEMENTS);

/** A contract test compares this with the OpenAPI description of Gitea 1.26.0. */
export const activitySchema = z.object({
  id,
  // `commit_repo`, or `mirror_sync_push` for a mirror.
  op_type: z.enum(['commit_repo', 'mirror_sync_push']),
  ref_name: text,
  content: z.string(),
  created: instant,
});

/** The JSON text of an activity's `content` (`modules/repository/commits.go`, PushCommits). */
const contentSchema = z.object({ HeadCommit: z.object({ Sha1: commit }) });

const commitSchema = z.object({
  sha: commit,
  commit: z.object({ committer: z.object({ date: instant }) }),
  parents: z.array(z.object({ sha: commit })).nullish(),
});

/** Commits of a branch on one page. */
const COMMITS = 30;

export function createGiteaPushLog(client: CiClient, source: Source): PushLog {
  return {
    host: client.host,

    async fetchPushes(gitRepository, cursor) {
      const address = parseCursor(cursor);
      const query = { page: address.page, limit: PAGE_SIZE };
      const answer = await client.get(
        createRequest(gitRepository, 'the activities', '/activities/feeds', query),
      );
      const elements = parseShape(listSchema, answer.data, source);
      const pushes = elements.flatMap((element) => parsePush(element) ?? []);
      const facts = { length: elements.length, total: totalOf(answer), link: answer.headers['link'] };
      return {
        // Within a second, the order of the activities is arbitrary.
        pushes: pushes.toSorted((a, b) => b.position - a.position || (a.tie < b.tie ? 1 : -1)),
        next: nextCursor(address, facts, client.host),
        clock: parseDate(answer.headers),
      };
    },

    async fetchBranchPushes(gitRepository, branch, cursor) {
      const start = cursor === undefined ? undefined : parseHistoryCursor(cursor);
      // A tag of the same name would come first.
      const sha = start?.commit ?? `refs/heads/${branch}`;
      const query = { sha, limit: COMMITS, stat: false, verification: false, files: false };
      const request = createRequest(gitRepository, 'the commits', '/commits', query);
      const prove = () => client.get(createProof(gitRepository));
      const answer = await client.find(request, prove);
      if (answer === undefined) return { pushes: [] };
      const commits = parseShape(z.array(commitSchema).max(MAX_ELEMENTS), answer.data, source).map(toListed);
      const [head] = commits;
      if (head === undefined) return { pushes: [] };
      const from = start ?? { commit: head.commit, below: Infinity };
      return { ...followFirstParents(branch, from, commits), clock: parseDate(answer.headers) };
    },
  };
}

function toListed({ sha, commit: { committer }, parents }: z.output<typeof commitSchema>): ListedCommit {
  return { commit: sha, time: committer.date, firstParent: parents?.[0]?.sha };
}

/** @returns undefined for another activity, a tag, or the creation of a branch, which a push follows */
function parsePush(element: unknown): Push | undefined {
  const { data } = activitySchema.safeParse(element);
  const branch = /^refs\/heads\/(.+)$/s.exec(data?.ref_name ?? '')?.[1];
  const head = data && parseContent(data.content);
  if (data === undefined || branch === undefined || head === undefined) return undefined;
  return { branch, commit: head, position: data.created, tie: padNumber(data.id) };
}

function parseContent(content: string): string | undefined {
  try {
    return contentSchema.safeParse(JSON.parse(content)).data?.HeadCommit.Sha1;
  } catch {
    return undefined;
  }
}
