/** Branches and their commits: the log of pushes (`ref-change-activities`) requires a repository's admin. */
import { z } from 'zod';
import { malformedError } from '../../upstream/failures.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import { parseShape, type Source } from '../elements.ts';
import { commit, text } from '../fields.ts';
import { followFirstParents, parseHistoryCursor } from '../first-parents.ts';
import type { Push, PushLog } from '../push-log.ts';
import { PERMISSION } from './git-host.ts';
import { branchOf, repositoryPath } from './names.ts';
import { API, parseCursor, parsePage } from './page.ts';

const BRANCHES = 100;
const COMMITS = 25;

const instant = z.int().positive();

/** Commits of old servers have no `committerTimestamp`. */
const times = { committerTimestamp: instant.nullish(), authorTimestamp: instant };

const LATEST_COMMIT = 'com.atlassian.bitbucket.server.bitbucket-branch:latest-commit-metadata';

/** Contract tests compare these with Bitbucket's OpenAPI description, which leaves `metadata` open. */
export const branchSchema = z.object({
  id: text,
  latestCommit: commit,
  // From a plugin of Bitbucket's own, which an administrator may disable.
  metadata: z.object({ [LATEST_COMMIT]: z.object(times) }),
});
export const commitSchema = z.object({
  id: commit,
  parents: z.array(z.object({ id: commit })).max(1000),
  ...times,
});

const commitsSchema = z.array(commitSchema);

export function createBitbucketServerPushLog(client: CiClient): PushLog {
  const { host } = client;
  const source: Source = { host, api: API };

  function createRequest(gitRepository: string, path: string, query?: CiRequest['query']): CiRequest {
    return {
      path: `${repositoryPath(gitRepository, host)}${path}`,
      query,
      what: `the branches of ${gitRepository}`,
      permission: PERMISSION,
    };
  }

  return {
    host,
    lists: 'heads',

    async fetchPushes(gitRepository, cursor) {
      const start = parseCursor(cursor);
      const query = { orderBy: 'MODIFICATION', details: true, limit: BRANCHES, start };
      const { data, headers } = await client.get(createRequest(gitRepository, '/branches', query));
      const { values, next } = parsePage(data, start, source);
      // A branch that cannot be read is looked up by itself.
      const branches = values.flatMap((value) => branchSchema.safeParse(value).data ?? []);
      return { pushes: branches.flatMap(toPush), next, clock: parseDate(headers) };
    },

    async fetchBranchPushes(gitRepository, branch, cursor) {
      const start = cursor === undefined ? undefined : parseHistoryCursor(cursor);
      // The full ref, since a tag may have the branch's name.
      const query = { until: start?.commit ?? `refs/heads/${branch}`, limit: COMMITS };
      const answer = await client.find(createRequest(gitRepository, '/commits', query), () =>
        client.get(createRequest(gitRepository, '')),
      );
      if (answer === undefined) return { pushes: [] };
      const { values } = parsePage(answer.data, 0, source);
      const commits = parseShape(commitsSchema, values, source).map((each) => ({
        commit: each.id,
        time: each.committerTimestamp ?? each.authorTimestamp,
        firstParent: each.parents[0]?.id,
      }));
      const [head] = commits;
      if (head === undefined) return { pushes: [] };
      const from = start ?? { commit: head.commit, below: Number.MAX_SAFE_INTEGER };
      const history = followFirstParents(branch, from, commits);
      if (history.pushes.length === 0) throw malformedError(host, 'commits of another branch');
      return { ...history, clock: parseDate(answer.headers) };
    },
  };
}

function toPush({ id, latestCommit, metadata }: z.output<typeof branchSchema>): Push[] {
  const branch = branchOf(id);
  const { committerTimestamp, authorTimestamp } = metadata[LATEST_COMMIT];
  const position = committerTimestamp ?? authorTimestamp;
  return branch === undefined ? [] : [{ branch, commit: latestCommit, position, tie: '' }];
}
