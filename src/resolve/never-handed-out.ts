/** Whether it is proven that nothing was ever handed out for a pull request (design §2, last row of the table). */
import type { LastGoodStore, RunSource } from './ports.ts';
import type { Remembered } from './recall.ts';
import type { BranchRequest } from './types.ts';

/** Milliseconds by which CI's clock, which says when a pull request was opened, may be ahead of ours. */
const CLOCK_MARGIN = 600_000;

/** The store has nothing for it, outlives the process, and has been whole since before the pull request was opened. Never throws. */
export async function isNeverHandedOut(
  { number }: BranchRequest,
  remembered: Remembered,
  { runs, lastGood }: { readonly runs: RunSource; readonly lastGood: LastGoodStore },
): Promise<boolean> {
  const wholeSince = lastGood.wholeSince();
  if (remembered.kind !== 'nothing' || number === undefined || wholeSince === null) return false;
  const head = await runs.readPullRequest(number);
  return head.kind === 'known' && head.openedAt !== null && head.openedAt - CLOCK_MARGIN > wholeSince;
}
