/** Branches and their commits, since Bitbucket Cloud has no log of pushes. */
import { z } from 'zod';
import { malformedError } from '../../upstream/failures.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import { parseShape, type Source } from '../elements.ts';
import { commit, instant, text } from '../fields.ts';
import { followFirstParents, parseHistoryCursor, type HistoryStart } from '../first-parents.ts';
import type { Push, PushLog } from '../push-log.ts';
import { repositoryPath } from './names.ts';
import { API, listFields, parseCursor, parsePage } from './page.ts';

const BRANCHES = 100;
const COMMITS = 30;

/** Contract tests compare these with Bitbucket's OpenAPI description. */
export const branchSchema = z.object({ name: text, target: z.object({ hash: commit, date: instant }) });
export const commitSchema = z.object({
  hash: commit,
  date: instant,
  parents: z.array(z.object({ hash: commit })).max(1000),
});

const commitsSchema = z.array(commitSchema);

export function createBitbucketPushLog(client: CiClient): PushLog {
  const { host } = client;
  const source: Source = { host, api: API };

  function createRequest(gitRepository: string, path: string, query: CiRequest['query']): CiRequest {
    return {
      path: `${repositoryPath(gitRepository, host)}${path}`,
      query,
      what: `the branches of ${gitRepository}`,
      permission: 'repository',
    };
  }

  async function fetchBranches(gitRepository: string, query: CiRequest['query'], page: number) {
    const fields = listFields(['name', 'target.hash', 'target.date']);
    const paging = { pagelen: BRANCHES, page, fields };
    const request = createRequest(gitRepository, '/refs/branches', { ...query, ...paging });
    const { data, headers } = await client.get(request);
    return { ...parsePage(data, { page, pagelen: BRANCHES }, source), clock: parseDate(headers) };
  }

  /**
   * A list of commits starts at a hash, since a tag may have the branch's name.
   * @returns undefined if there is no such branch
   */
  async function fetchHead(gitRepository: string, branch: string): Promise<HistoryStart | undefined> {
    const quoted = branch.replaceAll(/["\\]/g, String.raw`\$&`);
    const { values, next } = await fetchBranches(gitRepository, { q: `name = "${quoted}"` }, 1);
    // Unlike in a list, a branch that cannot be read must not seem to be missing.
    const found = parseShape(z.array(branchSchema), values, source);
    const head = found.find(({ name }) => name === branch);
    if (head !== undefined) return { commit: head.target.hash, below: Number.MAX_SAFE_INTEGER };
    const isFiltered = found.every(({ name }) => name.toLowerCase() === branch.toLowerCase());
    if (next !== undefined || !isFiltered) throw malformedError(host, 'branches of other names');
    return undefined;
  }

  return {
    host,
    lists: 'heads',

    async fetchPushes(gitRepository, cursor) {
      const sorted = { sort: '-target.date' };
      const { values, next, clock } = await fetchBranches(gitRepository, sorted, parseCursor(cursor));
      // A branch that cannot be read is looked up by itself.
      const branches = values.flatMap((value) => branchSchema.safeParse(value).data ?? []);
      return { pushes: branches.map(toPush), next, clock };
    },

    async fetchBranchPushes(gitRepository, branch, cursor) {
      const start =
        cursor === undefined ? await fetchHead(gitRepository, branch) : parseHistoryCursor(cursor);
      if (start === undefined) return { pushes: [] };
      const fields = listFields(['hash', 'date', 'parents.hash']);
      const query = { include: start.commit, pagelen: COMMITS, fields };
      const { data, headers } = await client.get(createRequest(gitRepository, '/commits', query));
      const { values } = parsePage(data, { page: 1, pagelen: COMMITS }, source);
      const commits = parseShape(commitsSchema, values, source).map(({ hash, date, parents }) => ({
        commit: hash,
        time: date,
        firstParent: parents[0]?.hash,
      }));
      const history = followFirstParents(branch, start, commits);
      if (history.pushes.length === 0) throw malformedError(host, 'commits of another branch');
      return { ...history, clock: parseDate(headers) };
    },
  };
}

function toPush({ name, target }: z.output<typeof branchSchema>): Push {
  return { branch: name, commit: target.hash, position: target.date, tie: '' };
}
