/** Suggestions for a branch without runs: it may be misspelled or in another notation. Pure. */
import { findNearest } from '../../text/nearest.ts';

const MOST_LISTED = 5;
/** Bounds the cost of comparing names. */
const MOST_COMPARED = 2_000;

/** Prefixes that Git and Git hosts put before a branch's name. */
const PREFIX =
  /^(?:refs\/(?:heads|remotes\/[^/]+)\/|remotes\/[^/]+\/|heads\/|(?:origin|upstream)\/|[\w.-]+:)/;

/**
 * @param branch a branch without runs
 * @param known the branches with runs, in the order in which CI lists them
 * @returns the likely name, or the known ones: `did you mean feature/cart?`
 */
export function suggestBranch(branch: string, known: readonly string[]): string {
  if (known.length === 0) return 'it has no runs of any branch';
  const intended = findIntended(branch, known);
  if (intended !== undefined) return `did you mean ${intended}?`;
  const shown = known.slice(0, MOST_LISTED);
  const rest = known.length - shown.length;
  return `it has runs of ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function findIntended(branch: string, known: readonly string[]): string | undefined {
  const bare = branch.replace(PREFIX, '');
  const lower = bare.toLowerCase();
  return (
    known.find((name) => name === bare) ??
    known.find((name) => name.toLowerCase() === lower) ??
    // The slug of a branch, such as `branch_slug` of Argo CD's generators.
    known.find((name) => slugify(name) === slugify(bare)) ??
    // The last part of a name: `cart` for feature/cart.
    only(known.filter((name) => name.toLowerCase().endsWith(`/${lower}`))) ??
    findNearest(bare, known.slice(0, MOST_COMPARED))
  );
}

function slugify(branch: string): string {
  return branch.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

function only(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}
