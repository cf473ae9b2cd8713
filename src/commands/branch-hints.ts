/** A branch that CI has never heard of, and the one that was probably meant. Pure. */
import { findNearest } from '../config/nearest.ts';

const MOST_LISTED = 5;
/** How Git names the branches of a remote, and how it names branches in full. */
const PREFIX = /^(?:refs\/remotes\/)?[^/]+\//u;

/**
 * @param branch that has no run
 * @param known branches that have runs, the ones that CI showed first in front
 * @returns what was meant, or what there is: `did you mean main?`
 */
export function suggestBranch(branch: string, known: readonly string[]): string {
  if (known.length === 0) return 'it has no run of any branch';
  const withoutRemote = branch.replace(PREFIX, '');
  const nearest = known.includes(withoutRemote) ? withoutRemote : findNearest(branch, known);
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  const rest = known.length - MOST_LISTED;
  const more = rest > 0 ? ` and ${rest} more` : '';
  return `it has runs of ${known.slice(0, MOST_LISTED).join(', ')}${more}`;
}
