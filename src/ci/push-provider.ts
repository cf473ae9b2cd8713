/**
 * Pushes as runs, for `builds: statuses`: each commit that was pushed to a branch is a build, and its statuses
 * decide whether it is green. So any CI system can be used that reports to the Git host.
 */
import type { Run } from '../resolve/types.ts';
import type { CiProvider, RunPage } from './provider.ts';
import type { Push, PushLog, PushPage } from './push-log.ts';

/** The only event of such runs. */
export const PUSH_EVENT = 'push';

/**
 * @param provider of the same connection
 * @returns runs that are always green: a push is a fact, and never changes
 */
export function createPushProvider(
  log: PushLog,
  { repositoryKey, generation }: Pick<CiProvider, 'repositoryKey' | 'generation'>,
): CiProvider {
  const { host, lists = 'pushes' } = log;
  return {
    host,
    generation,
    paging: 'keyset',
    lists: lists === 'heads' ? 'newest of each branch' : 'all',
    repositoryKey,

    async fetchRuns(gitRepository, cursor, validator) {
      const page = await log.fetchPushes(gitRepository, cursor, validator);
      // The log may not reach back to the newest push of every branch, so its end proves nothing.
      return page === 'unchanged' ? page : { ...toRunPage(page), short: page.next === undefined };
    },

    async fetchBranchRuns(gitRepository, branch, cursor) {
      return toRunPage(await log.fetchBranchPushes(gitRepository, branch, cursor));
    },

    fetchRun: (_gitRepository, id) => Promise.resolve(parseRunId(id)),

    async probe(gitRepository) {
      await log.fetchPushes(gitRepository);
      return `may read the pushes of ${gitRepository}`;
    },
  };
}

function toRunPage({ pushes, gap, next, validator, clock }: PushPage): RunPage {
  const runs = pushes.map(toRun);
  return { runs: gap === undefined ? runs : [...runs, ...markGap(gap)], next, validator, clock };
}

/**
 * Runs of no branch, which count nowhere. They let the next listing meet this one at the gap. A listing must
 * reach below the newest known run for that, so there are two.
 */
function markGap({ position, tie }: NonNullable<PushPage['gap']>): Run[] {
  return [position, position - 1].map((at) => ({
    ...toRun({ branch: '', commit: NO_COMMIT, position: at, tie }),
    branch: null,
    refKind: 'unknown',
    state: 'skipped',
    outcome: 'unknown branches',
    mayPush: false,
  }));
}

const NO_COMMIT = '0'.repeat(40);

function toRun(push: Push): Run {
  const { branch, commit, position, tie } = push;
  return {
    id: formatRunId(push),
    number: commit.slice(0, 12),
    attempt: 1,
    workflow: null,
    workflowId: null,
    branch,
    pullRequest: null,
    refKind: 'branch',
    commit,
    builtCommit: commit,
    event: PUSH_EVENT,
    state: 'success',
    outcome: 'pushed',
    headRepositoryId: null,
    origin: 'own',
    mayPush: true,
    url: '',
    position,
    tie,
    createdAt: position,
    startedAt: position,
    updatedAt: position,
    committedAt: null,
  };
}

/** `<commit>@<position>@<tie>@<branch>`, the whole push, so that the host need not be asked for it again. */
function formatRunId({ branch, commit, position, tie }: Push): string {
  return [commit, position, encodeURIComponent(tie), branch].join('@');
}

/** @returns `gone` for an id of another provider */
function parseRunId(id: string): Run | 'gone' {
  const [, commit = '', position, tie = '', branch] = /^([0-9a-f]+)@(-?\d+)@([^@]*)@(.+)$/s.exec(id) ?? [];
  if (branch === undefined) return 'gone';
  return toRun({ branch, commit, position: Number(position), tie: decodeURIComponent(tie) });
}
