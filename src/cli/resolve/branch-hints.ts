/** A branch of which CI has no run: it may be misspelt, or written as some other tool writes it. Pure. */
import { suggest } from '../../text/suggest.ts';

const MOST_LISTED = 5;
/** Each is measured against what was asked for. */
const MOST_MEASURED = 2_000;

/** What Git and Git hosts put in front of a branch's name. */
const PREFIX =
  /^(?:refs\/(?:heads|remotes\/[^/]+)\/|remotes\/[^/]+\/|heads\/|(?:origin|upstream)\/|[\w.-]+:)/;

/**
 * @param branch of which CI has no run
 * @param known branches that it has runs of, the ones that CI showed first in front
 * @returns what was meant, or what there is: `did you mean feature/cart?`
 */
export function suggestBranch(branch: string, known: readonly string[]): string {
  if (known.length === 0) return 'it has no run of any branch';
  const meant = findMeant(branch, known);
  if (meant !== undefined) return `did you mean ${meant}?`;
  const shown = known.slice(0, MOST_LISTED);
  const rest = known.length - shown.length;
  return `it has runs of ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function findMeant(branch: string, known: readonly string[]): string | undefined {
  const bare = branch.replace(PREFIX, '');
  const lower = bare.toLowerCase();
  return (
    known.find((name) => name === bare) ??
    known.find((name) => name.toLowerCase() === lower) ??
    // `branch_slug` of Argo CD's generators, and what else makes a name of a label.
    known.find((name) => slugOf(name) === slugOf(bare)) ??
    // Only the end was typed: `cart` of feature/cart.
    only(known.filter((name) => name.toLowerCase().endsWith(`/${lower}`))) ??
    suggest(bare, known.slice(0, MOST_MEASURED))
  );
}

function slugOf(branch: string): string {
  return branch.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

function only(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}
