/** Proves that nothing was ever handed out for a pull request. */
import type { ResolvePorts } from './ports.ts';
import { lastGoodKey, type Remembered } from './recall.ts';
import type { BranchRequest } from './types.ts';

/**
 * True if the store has nothing for the pull request, outlives the process, and has been complete since
 * before the pull request was opened. Sets handed out before the project's repository or connection changed,
 * or before the number was passed, may still be running, so they count. Upstream failures are not thrown.
 */
export async function isNeverHandedOut(
  request: BranchRequest,
  remembered: Remembered,
  { runs, lastGood }: Pick<ResolvePorts, 'runs' | 'lastGood'>,
): Promise<boolean> {
  const { project, branch, number } = request;
  if (remembered.kind !== 'nothing' || number === undefined || lastGood.wholeSince() === null) return false;
  const keys = [request, { project, branch }].map(lastGoodKey);
  const stored = await Promise.all(keys.map((key) => lastGood.get(key)));
  if (stored.some((value) => value !== undefined)) return false;
  const head = await runs.readPullRequest(number);
  // Read again, since the calls above may have shown that the store is incomplete.
  const wholeSince = lastGood.wholeSince();
  return (
    wholeSince !== null && head.kind === 'known' && head.openedAfter !== null && head.openedAfter > wholeSince
  );
}
