/** Whether it is proven that nothing was ever handed out for a pull request (design §2, last row of the table). */
import type { LastGoodStore, RunSource } from './ports.ts';
import { lastGoodKey, type Remembered } from './recall.ts';
import type { BranchRequest } from './types.ts';

/**
 * The store has nothing for it, outlives the process, and has been whole since before the pull request was opened. What was handed out
 * before the project's repository or connection changed is no answer now, but it may be up; so may what was handed out for the branch
 * before its number was passed on. Never throws for an upstream's fault.
 */
export async function isNeverHandedOut(
  request: BranchRequest,
  remembered: Remembered,
  { runs, lastGood }: { readonly runs: RunSource; readonly lastGood: LastGoodStore },
): Promise<boolean> {
  const { project, branch, number } = request;
  if (remembered.kind !== 'nothing' || number === undefined || lastGood.wholeSince() === null) return false;
  const keys = [request, { project, branch }].map(lastGoodKey);
  const stored = await Promise.all(keys.map((key) => lastGood.get(key)));
  if (stored.some((value) => value !== undefined)) return false;
  const head = await runs.readPullRequest(number);
  // Only now: what was read or asked meanwhile may have put the store in doubt.
  const wholeSince = lastGood.wholeSince();
  return (
    wholeSince !== null && head.kind === 'known' && head.openedAfter !== null && head.openedAfter > wholeSince
  );
}
