/**
 * The runs of a project without CI (`builds: registry`): the commit that the call names counts as one green
 * run, and only the image's revision proves that it was built.
 */
import type { Clock } from '../clock.ts';
import { COMPLETE } from '../resolve/coverage.ts';
import type { BranchRuns, RunSource, RunStanding } from '../resolve/ports.ts';
import { createCommitRun } from '../resolve/commit-run.ts';
import type { BranchRequest } from '../resolve/types.ts';

/** CI has nothing to confirm. */
const ALWAYS: RunStanding = { confirmedAt: Infinity, pushedBy: 0 };

/** @param readPullRequest undefined if no connection knows the pull requests */
export function createCommitSource(
  request: BranchRequest,
  readPullRequest: RunSource['readPullRequest'] | undefined,
  now: Clock,
): RunSource {
  const { branch } = request;
  function read(): Promise<BranchRuns> {
    const asOf = now();
    const run = createCommitRun(request, readPullRequest !== undefined, asOf);
    return Promise.resolve({ kind: 'known', runs: [run], coverage: COMPLETE, asOf, standing: () => ALWAYS });
  }
  return {
    read,
    readFurther: read,
    readPullRequest: readPullRequest ?? (() => Promise.reject(new RangeError('no origin needs a look-up'))),
    confirm: () => Promise.resolve({ kind: 'confirmed' }),
    branchNames: () => [branch],
    peekRuns: () => [],
    peekPullRequest: () => undefined,
    peekBranchless: () => [],
    peekCommit: () => [],
    peekNumber: () => [],
    peekUnread: () => [],
  };
}
