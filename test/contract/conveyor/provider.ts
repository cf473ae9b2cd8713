/** Conveyor's builds and checks. */
import { apiPath } from '../../../src/upstream/json-api.ts';
import type { CiClient, CiRequest } from '../../../src/ci/client.ts';
import type { CommitStatuses } from '../../../src/ci/commit-statuses.ts';
import type { Source } from '../../../src/ci/elements.ts';
import type { CiProvider, Cursor, RunPage } from '../../../src/ci/provider.ts';
import { parseBuild, parseBuilds, parseChecks } from './schema.ts';

/** Builds on a full page. */
const PAGE_SIZE = 3;
const PERMISSION = 'read_builds';

export function createConveyorProvider(client: CiClient): CiProvider {
  const { host } = client;
  const source = sourceOf(client);

  async function list(gitRepository: string, query: CiRequest['query'], cursor?: Cursor): Promise<RunPage> {
    const { data } = await client.get(ask(gitRepository, 'builds', { ...query, before: cursor }));
    const { runs, unread, count } = parseBuilds(data, gitRepository, source);
    client.reportUnread(unread);
    const positions = [...runs, ...unread].flatMap(({ position }) => position ?? []);
    // There may be no page after a full one; it is then empty.
    const next = count < PAGE_SIZE ? undefined : String(Math.min(...positions));
    return { runs, unread, next };
  }

  return {
    host,
    paging: 'keyset',
    repositoryKey: (gitRepository) => gitRepository,
    generation: client.generation,
    fetchRuns: (gitRepository, cursor) => list(gitRepository, {}, cursor),
    fetchBranchRuns: (gitRepository, branch, cursor) => list(gitRepository, { branch }, cursor),
    fetchPullRequestRuns: (gitRepository, number, cursor) =>
      list(gitRepository, { pull_request: number }, cursor),

    async fetchRun(gitRepository, id) {
      const answer = await client.find(ask(gitRepository, apiPath`builds/${id}`), () =>
        list(gitRepository, {}),
      );
      return answer === undefined ? 'gone' : parseBuild(answer.data, gitRepository, source);
    },

    async probe(gitRepository) {
      const { runs } = await list(gitRepository, {});
      return runs.length === 0
        ? `sees no builds of ${gitRepository} yet`
        : `sees the builds of ${gitRepository}`;
    },
  };
}

export function createConveyorStatuses(client: CiClient): CommitStatuses {
  return {
    host: client.host,
    async fetchStatuses(gitRepository, commit) {
      const { data } = await client.get(ask(gitRepository, apiPath`commits/${commit}/checks`));
      return { statuses: parseChecks(data, sourceOf(client)) };
    },
  };
}

function sourceOf({ host }: CiClient): Source {
  return { host, api: 'Conveyor' };
}

function ask(gitRepository: string, path: string, query?: CiRequest['query']): CiRequest {
  const [organization = '', pipeline = ''] = gitRepository.split('/');
  return {
    path: `${apiPath`/v1/${organization}/${pipeline}/`}${path}`,
    query,
    what: `the builds of ${gitRepository}`,
    permission: PERMISSION,
  };
}
