/**
 * Heads and commits of branches. The log of activities (`/activities/feeds`) leaves out the pushes of users
 * who keep their activity private, and those of Actions (`models/activities/action.go`,
 * ActivityQueryCondition). Branches are sorted by the time of their last commit, newest first
 * (`models/git/branch_list.go`), which the list does not show: it has the author's time.
 */
import { z } from 'zod';
import { createBoundedCache } from '../../resilience/bounded-cache.ts';
import { apiPath, type ApiResponse } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient } from '../client.ts';
import { parseShape, type Source } from '../elements.ts';
import { followFirstParents, parseHistoryCursor, type ListedCommit } from '../first-parents.ts';
import { commit, instant, MAX_ELEMENTS, text } from '../fields.ts';
import type { Cursor } from '../provider.ts';
import type { Push, PushLog } from '../push-log.ts';
import { createProof, createRequest, nextCursor, PAGE_SIZE, parseCursor, totalOf } from './requests.ts';

const listSchema = z.array(z.unknown()).max(MAX_ELEMENTS);

/** A contract test compares this with the OpenAPI description of Gitea 1.26.0. */
export const branchSchema = z.object({ name: text, commit: z.object({ id: commit }) });

type Branch = z.output<typeof branchSchema>;

const commitSchema = z.object({
  sha: commit,
  commit: z.object({ committer: z.object({ date: instant }) }),
  parents: z.array(z.object({ sha: commit })).nullish(),
});

type Commit = z.output<typeof commitSchema>;

/** Commits of a branch on one page. */
const COMMITS = 30;
const BRIEF = { stat: false, verification: false, files: false };
const AT_ONCE = 10;
const MAX_COMMITS = 50_000;
/** Of branches, for one list. */
const MAX_PAGES = 20;

export function createGiteaPushLog(client: CiClient, source: Source): PushLog {
  const { host } = client;
  const dates = new CommitDates();

  /** Of heads on a page; a commit's own answer never changes. */
  async function learnDate(gitRepository: string, { commit: { id: sha } }: Branch): Promise<void> {
    if (dates.get(sha) !== undefined) return;
    const path = apiPath`/git/commits/${sha}`;
    const request = createRequest(gitRepository, 'the commits', path, BRIEF);
    const answer = await client.find(request, () => client.get(createProof(gitRepository)));
    if (answer !== undefined) dates.note(parseShape(commitSchema, answer.data, source), answer);
  }

  /** One page, newest commit first. */
  async function fetchBranches(gitRepository: string, cursor: Cursor | undefined) {
    const address = parseCursor(cursor);
    const query = { page: address.page, limit: PAGE_SIZE };
    const answer = await client.get(createRequest(gitRepository, 'the branches', '/branches', query));
    const elements = parseShape(listSchema, answer.data, source);
    // A branch that cannot be read is looked up by itself.
    const branches = elements.flatMap((element) => branchSchema.safeParse(element).data ?? []);
    for (let start = 0; start < branches.length; start += AT_ONCE) {
      const some = branches.slice(start, start + AT_ONCE);
      await Promise.all(some.map((branch) => learnDate(gitRepository, branch)));
    }
    const facts = { length: elements.length, total: totalOf(answer), link: answer.headers['link'] };
    return { branches, next: nextCursor(address, facts, host), clock: parseDate(answer.headers) };
  }

  return {
    host,
    lists: 'heads',

    /**
     * Reads all branches at once, if there are not too many: a branch that is moved to an older commit stays
     * behind newer ones.
     */
    async fetchPushes(gitRepository, cursor) {
      const branches: Branch[] = [];
      let next = cursor;
      let clock: number | undefined;
      for (let pages = 0; pages === 0 || (next !== undefined && pages < MAX_PAGES); pages++) {
        const page = await fetchBranches(gitRepository, next);
        branches.push(...page.branches);
        next = page.next;
        clock ??= page.clock;
      }
      const pushes = branches.flatMap((branch) => dates.toPush(branch));
      return { pushes: pushes.toSorted((a, b) => b.position - a.position), next, clock };
    },

    async fetchBranchPushes(gitRepository, branch, cursor) {
      const start = cursor === undefined ? undefined : parseHistoryCursor(cursor);
      // A tag of the same name would come first.
      const sha = start?.commit ?? `refs/heads/${branch}`;
      const request = createRequest(gitRepository, 'the commits', '/commits', {
        sha,
        limit: COMMITS,
        ...BRIEF,
      });
      const answer = await client.find(request, () => client.get(createProof(gitRepository)));
      if (answer === undefined) return { pushes: [] };
      const listed = parseShape(z.array(commitSchema).max(MAX_ELEMENTS), answer.data, source);
      const commits = listed.map((each) => dates.note(each, answer));
      const [head] = commits;
      if (head === undefined) return { pushes: [] };
      const from = start ?? { commit: head.commit, below: Infinity };
      return { ...followFirstParents(branch, from, commits), clock: parseDate(answer.headers) };
    },
  };
}

/**
 * When commits were made. A committer's clock may be ahead: such a commit is as new as the answer that first
 * showed it, so that a later push is newer.
 */
class CommitDates {
  readonly #dates = createBoundedCache<number>(MAX_COMMITS);

  get(sha: string): number | undefined {
    return this.#dates.get(sha);
  }

  note({ sha, commit: { committer }, parents }: Commit, { headers }: ApiResponse): ListedCommit {
    const time = this.get(sha) ?? Math.min(committer.date, parseDate(headers) ?? Infinity);
    this.#dates.set(sha, time);
    return { commit: sha, time, firstParent: parents?.[0]?.sha };
  }

  /** @returns nothing for a commit that is gone */
  toPush({ name, commit: { id: sha } }: Branch): Push[] {
    const position = this.get(sha);
    return position === undefined ? [] : [{ branch: name, commit: sha, position, tie: '' }];
  }
}
