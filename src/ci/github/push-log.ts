/** GitHub's log of pushes: https://docs.github.com/rest/repos/repos#list-repository-activities */
import { z } from 'zod';
import { malformedError } from '../../upstream/failures.ts';
import { apiPath, type ApiResponse } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import { commit, id, instant, MAX_ELEMENTS, padNumber, text } from '../fields.ts';
import type { Cursor } from '../provider.ts';
import type { Push, PushLog, PushPage } from '../push-log.ts';
import { nameOf } from './names.ts';
import { hasNext } from '../link-header.ts';
import { PAGE_SIZE } from './page.ts';
import { parseShape } from './schema.ts';

const PERMISSION = '"Contents: read"';
const HEADS = 'refs/heads/';

/** A contract test compares this with GitHub's OpenAPI description. */
export const githubActivitySchema = z.object({ id, ref: text, after: commit, timestamp: instant });

const activityPageSchema = z.array(githubActivitySchema).max(MAX_ELEMENTS);

export const githubBranchSchema = z.object({
  name: text,
  commit: z.object({
    sha: commit,
    commit: z.object({ committer: z.object({ date: instant.nullish().catch(null) }).nullish() }),
  }),
});

/**
 * Every kind of activity counts that moves a branch to a commit: a push, a merge, a creation.
 * @returns pushes to branches, without deletions
 * @throws UpstreamError `malformed`, also for one odd element: it may be the newest push
 */
export function parseActivityPage(value: unknown, host: string): Push[] {
  return parseShape(activityPageSchema, value, host).flatMap((activity) => {
    const { ref, after, timestamp: position } = activity;
    if (!ref.startsWith(HEADS) || /^0+$/.test(after)) return [];
    return [{ branch: ref.slice(HEADS.length), commit: after, position, tie: padNumber(activity.id) }];
  });
}

export function createGitHubPushLog(client: CiClient): PushLog {
  const { host } = client;

  function createRequest(gitRepository: string, query: CiRequest['query']): CiRequest {
    const { owner, repo } = nameOf(gitRepository, host);
    const path = apiPath`/repos/${owner}/${repo}/activity`;
    const what = `the pushes of ${gitRepository}`;
    return {
      path,
      query: { direction: 'desc', per_page: PAGE_SIZE, ...query },
      what,
      permission: PERMISSION,
    };
  }

  function parsePage({ data, headers }: ApiResponse): PushPage {
    return {
      pushes: parseActivityPage(data, host),
      next: nextOf(headers['link'], host),
      validator: headers['etag'],
      clock: parseDate(headers),
    };
  }

  /** For a branch that the log does not show: it may be older than the log. */
  async function fetchHead(gitRepository: string, branch: string): Promise<Push[]> {
    const { owner, repo } = nameOf(gitRepository, host);
    const path = apiPath`/repos/${owner}/${repo}/branches/${branch}`;
    const what = `the branches of ${gitRepository}`;
    const proveReadable = () => client.get(createRequest(gitRepository, { per_page: 1 }));
    const answer = await client.find({ path, what, permission: PERMISSION }, proveReadable);
    if (answer === undefined) return [];
    const { name, commit: head } = parseShape(githubBranchSchema, answer.data, host);
    // GitHub redirects from a renamed branch's old name.
    if (name !== branch) return [];
    const committedAt = head.commit.committer?.date ?? 0;
    // The committer's clock may be ahead.
    const position = Math.min(committedAt, parseDate(answer.headers) ?? committedAt);
    return [{ branch, commit: head.sha, position, tie: '' }];
  }

  return {
    host,

    async fetchPushes(gitRepository, cursor, validator) {
      const answer = await client.get({ ...createRequest(gitRepository, { after: cursor }), validator });
      return answer.status === 304 ? 'unchanged' : parsePage(answer);
    },

    async fetchBranchPushes(gitRepository, branch, cursor) {
      const request = createRequest(gitRepository, { ref: `${HEADS}${branch}`, after: cursor });
      const page = parsePage(await client.get(request));
      const pushes = page.pushes.filter((push) => push.branch === branch);
      const isUnknown = cursor === undefined && page.next === undefined && pushes.length === 0;
      return { ...page, pushes: isUnknown ? await fetchHead(gitRepository, branch) : pushes };
    },
  };
}

/** `<https://api.github.com/...?after=Y3Vyc29y>; rel="next"` */
function nextOf(link: string | undefined, host: string): Cursor | undefined {
  if (!hasNext(link)) return undefined;
  const [, url = ''] = /<([^<>]*)>\s*;\s*rel="?next"?/i.exec(link ?? '') ?? [];
  const after = URL.canParse(url) ? new URL(url).searchParams.get('after') : null;
  if (after === null || after === '') throw malformedError(host, 'a list of pushes without its next page');
  return after;
}
