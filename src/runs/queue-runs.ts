/**
 * Runs of a branch's merge queue. They name a branch of the queue's own, and their commit becomes the branch's
 * head if the queue merges it. CI offers no query for them, so only the listing shows them.
 */
import type { CiProvider } from '../ci/provider.ts';
import type { RunSubject, UnresolvedRun } from '../resolve/ports.ts';
import { isUnfinished } from '../resolve/run-state.ts';
import type { Run } from '../resolve/types.ts';
import type { KnownRuns } from './known-runs.ts';
import type { RunList } from './run-list.ts';

/** @returns whether the project counts the runs of merge queues, and the branch has one */
export function readsQueue(
  { branch, project }: RunSubject,
  { queueEvent }: Pick<CiProvider, 'queueEvent'>,
  known: KnownRuns,
): boolean {
  return (
    queueEvent !== undefined && project?.events.includes(queueEvent) === true && known.table.hasQueue(branch)
  );
}

/**
 * Selects the runs of commits that are the branch's: those that one of its own runs has built, and the head
 * that the call names. An entry that the queue has dropped is neither.
 * @param ofBranch runs that name the branch
 */
export function selectQueueRuns(
  { branch, headSha }: RunSubject,
  ofBranch: readonly Run[],
  known: KnownRuns,
): Run[] {
  const own = ofBranch.filter(({ origin, refKind }) => origin === 'own' && refKind !== 'tag');
  const commits = new Set(own.map(({ commit }) => commit));
  if (headSha !== undefined) commits.add(headSha);
  const found = [...commits].flatMap((commit) =>
    known.table.findCommit(commit).filter((run) => run.commit.startsWith(commit)),
  );
  return [...new Set(found)].filter((run) => run.queuedFor === branch && run.origin === 'own');
}

/** @returns the queue's own lists with runs that have not finished */
export function listUnfinished(queueRuns: readonly Run[]): RunList[] {
  const names = new Set(queueRuns.filter(isUnfinished).flatMap(({ branch }) => branch ?? []));
  return [...names].map((name) => ({ kind: 'branch', name }));
}

/** The queue may have tested a commit before the oldest run that the listing shows. */
export function describeUnlisted({ branch }: RunSubject, known: KnownRuns, host: string): UnresolvedRun[] {
  const { coverage } = known;
  if (coverage.kind === 'complete') return [];
  const message = `${host} lists older runs of the merge queue of ${branch} than can be read`;
  const position = coverage.kind === 'since' ? coverage.position : null;
  return [{ failure: { kind: 'unavailable', host, message }, position }];
}
