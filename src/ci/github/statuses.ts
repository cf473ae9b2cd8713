/**
 * GitHub's commit statuses and check runs, which other systems set on a commit:
 * https://docs.github.com/rest/commits/statuses and https://docs.github.com/rest/checks/runs
 */
import { z } from 'zod';
import { apiPath, type ApiResponse } from '../../upstream/json-api.ts';
import { malformedError } from '../../upstream/failures.ts';
import type { CiClient, CiRequest } from '../client.ts';
import type { CommitStatus, CommitStatuses } from '../commit-statuses.ts';
import { id, MAX_ELEMENTS, text, webUrl } from '../fields.ts';
import { nameOf } from './names.ts';
import { hasNext } from '../link-header.ts';
import { PAGE_SIZE } from './page.ts';
import { parseShape } from './schema.ts';

/** A commit with more statuses is not read, since nobody knows which of them are missing. */
const MAX_PAGES = 30;

const state = z.string().catch('unknown');

/** A contract test compares this with GitHub's OpenAPI description. */
export const githubStatusSchema = z.object({
  id,
  context: text,
  state,
  target_url: z.unknown().optional(),
});

export const githubCheckRunSchema = z.object({
  id,
  name: text,
  status: state,
  conclusion: state.nullish(),
  html_url: z.unknown().optional(),
});

const elements = z.array(z.unknown()).max(MAX_ELEMENTS);
const statusPageSchema = z.object({ total_count: z.int().nonnegative(), statuses: elements });
const checkRunPageSchema = z.object({ total_count: z.int().nonnegative(), check_runs: elements });

interface StatusListPage {
  readonly total: number;
  /** By GitHub's id, which no two of a list share. */
  readonly statuses: readonly (readonly [id: string, status: CommitStatus])[];
}

/** One of the two lists of a commit. */
interface StatusList {
  /** Below the commit's path. */
  readonly path: string;
  readonly query: CiRequest['query'];
  /** `the commit statuses` */
  readonly what: string;
  readonly permission: string;
  readonly parse: (value: unknown, host: string) => StatusListPage;
}

/** GitHub lists the latest status of each context. */
const STATUSES: StatusList = {
  path: 'status',
  query: {},
  what: 'the commit statuses',
  permission: '"Commit statuses: read"',
  parse: parseStatusPage,
};

/**
 * `latest` is the newest run of each name and suite. Two workflows that use one name, and the push and the
 * pull_request run of one workflow, are different suites, so that each of them counts.
 */
const CHECK_RUNS: StatusList = {
  path: 'check-runs',
  query: { filter: 'latest' },
  what: 'the check runs',
  permission: '"Checks: read"',
  parse: parseCheckRunPage,
};

/** @throws UpstreamError `malformed` if an element has no readable name: it may be the one that counts */
export function parseStatusPage(value: unknown, host: string): StatusListPage {
  const { total_count: total, statuses } = parseShape(statusPageSchema, value, host);
  return {
    total,
    statuses: statuses.map((element) => {
      const status = parseShape(githubStatusSchema, element, host);
      const url = webUrl(status.target_url);
      return [status.id, { context: status.context, state: stateOf(status), outcome: status.state, url }];
    }),
  };
}

function stateOf({ state: word }: z.output<typeof githubStatusSchema>): CommitStatus['state'] {
  return word === 'success' || word === 'pending' ? word : 'unsuccessful';
}

/** @throws UpstreamError `malformed` */
export function parseCheckRunPage(value: unknown, host: string): StatusListPage {
  const { total_count: total, check_runs: runs } = parseShape(checkRunPageSchema, value, host);
  return { total, statuses: runs.map((element) => toCheck(parseShape(githubCheckRunSchema, element, host))) };
}

/** Branch protection counts `neutral` and `skipped` as passed; here they prove nothing. */
function toCheck(run: z.output<typeof githubCheckRunSchema>): [string, CommitStatus] {
  const { name: context, status, conclusion, html_url: page } = run;
  const url = webUrl(page);
  if (status !== 'completed') return [run.id, { context, state: 'pending', outcome: status, url }];
  const outcome = conclusion ?? 'unknown';
  return [run.id, { context, state: outcome === 'success' ? 'success' : 'unsuccessful', outcome, url }];
}

export function createGitHubStatuses(client: CiClient): CommitStatuses {
  const { host } = client;

  function createRequest(gitRepository: string, commit: string, list: StatusList, page: number): CiRequest {
    const { owner, repo } = nameOf(gitRepository, host);
    return {
      path: apiPath`/repos/${owner}/${repo}/commits/${commit}/${list.path}`,
      query: { ...list.query, per_page: PAGE_SIZE, page },
      what: `${list.what} of ${gitRepository}`,
      permission: list.permission,
    };
  }

  /** `HEAD` is the default branch's newest commit. */
  async function proveReadable(gitRepository: string): Promise<void> {
    await client.get(createRequest(gitRepository, 'HEAD', STATUSES, 1));
  }

  /** @returns undefined if the commit does not exist */
  function fetchFirst(gitRepository: string, commit: string, list: StatusList, validator?: string) {
    const request = { ...createRequest(gitRepository, commit, list, 1), validator };
    return client.find(request, () => proveReadable(gitRepository));
  }

  async function readList(
    gitRepository: string,
    commit: string,
    list: StatusList,
    first: ApiResponse | undefined,
  ): Promise<{ statuses: CommitStatus[]; etag: string | undefined }> {
    if (first === undefined) return { statuses: [], etag: undefined };
    const pages = [list.parse(first.data, host)];
    for (let last = first; hasNext(last.headers['link']);) {
      if (pages.length === MAX_PAGES) throw malformedError(host, `more of ${list.what} than can be read`);
      last = await client.get(createRequest(gitRepository, commit, list, pages.length + 1));
      pages.push(list.parse(last.data, host));
    }
    const statuses = new Map(pages.flatMap((page) => page.statuses));
    const total = Math.min(...pages.map((page) => page.total));
    // While pages are read, a new status moves others, so that one may be missed.
    if (statuses.size < total) throw malformedError(host, `a part of ${list.what}`);
    // An unchanged first page says nothing about the others.
    return { statuses: [...statuses.values()], etag: pages.length === 1 ? first.headers['etag'] : undefined };
  }

  return {
    host,
    async fetchStatuses(gitRepository, commit, validator) {
      const etags = parseValidator(validator);
      const lists = [STATUSES, CHECK_RUNS];
      const firsts = await Promise.all(
        lists.map((list, i) => fetchFirst(gitRepository, commit, list, etags[i])),
      );
      if (firsts.every((first) => first?.status === 304)) return 'unchanged';
      const read = await Promise.all(
        lists.map(async (list, i) => {
          const first = firsts[i];
          const known = first?.status === 304 ? await fetchFirst(gitRepository, commit, list) : first;
          return readList(gitRepository, commit, list, known);
        }),
      );
      return {
        statuses: read.flatMap(({ statuses }) => statuses),
        validator: formatValidator(read.map(({ etag }) => etag)),
      };
    },
  };
}

/** Two ETags, as JSON: one of each list. */
function formatValidator(etags: readonly (string | undefined)[]): string | undefined {
  return etags.includes(undefined) ? undefined : JSON.stringify(etags);
}

function parseValidator(validator: string | undefined): readonly string[] {
  return validator === undefined ? [] : z.array(z.string()).parse(JSON.parse(validator));
}
