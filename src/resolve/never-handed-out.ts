/** Whether it is proven that nothing was ever handed out for a pull request (design §2, last row of the table). */
import type { LastGoodStore, RunSource } from './ports.ts';
import type { Remembered } from './recall.ts';
import type { BranchRequest } from './types.ts';

/** The store has nothing for it, outlives the process, and has been whole since before the pull request was opened. Never throws. */
export async function isNeverHandedOut(
  { number }: BranchRequest,
  remembered: Remembered,
  { runs, lastGood }: { readonly runs: RunSource; readonly lastGood: LastGoodStore },
): Promise<boolean> {
  const wholeSince = lastGood.wholeSince();
  if (remembered.kind !== 'nothing' || number === undefined || wholeSince === null) return false;
  const head = await runs.readPullRequest(number);
  return head.kind === 'known' && head.openedAfter !== null && head.openedAfter > wholeSince;
}
