/** Suggests the intended name for a branch, workflow or status that upstream does not know. Pure. */
import { suggest } from '../text/suggest.ts';

const MOST_LISTED = 5;
/** Bounds the cost of comparing names. */
const MOST_COMPARED = 2_000;

/** Prefixes that Git and Git hosts put before a branch's name. */
const PREFIX =
  /^(?:refs\/(?:heads|remotes\/[^/]+)\/|remotes\/[^/]+\/|heads\/|(?:origin|upstream)\/|[\w.-]+:)/;

/**
 * @param branch a branch without runs: it may be misspelled or in another notation
 * @param known the branches with runs, in the order in which CI lists them
 * @param what `pushes to` if no runs are listed
 * @returns the likely name, or the known ones: `did you mean feature/cart?`
 */
export function suggestBranch(
  branch: string,
  known: readonly string[],
  what: 'runs of' | 'pushes to' = 'runs of',
): string {
  if (known.length === 0) return `it has no ${what} any branch`;
  const intended = findIntended(branch, known);
  if (intended !== undefined) return `did you mean ${intended}?`;
  return `it has ${what} ${listSome(known)}`;
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
    suggest(bare, known.slice(0, MOST_COMPARED))
  );
}

function slugify(branch: string): string {
  return branch.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

function only(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}

/**
 * @param path a workflow without runs
 * @param known the paths of workflows that have runs
 * @returns the likely path, or the known ones: `did you mean .github/workflows/build.yml?`
 */
export function suggestWorkflow(path: string, known: Iterable<string>): string {
  const paths = [...known].toSorted();
  const nearestFile = suggest(fileName(path), paths.map(fileName));
  const nearest = paths.find((each) => fileName(each) === nearestFile);
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  return paths.length === 0 ? 'CI knows no workflow at all' : `CI has ${listSome(paths)}`;
}

/**
 * @param pattern the name of a status that no commit has
 * @param known the names that commits have
 * @returns the likely name, or the known ones: `did you mean sonarqube?`
 */
export function suggestStatus(pattern: string, known: readonly string[]): string {
  const nearest = suggest(pattern, known);
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  return known.length === 0 ? 'They have none at all.' : `They have ${listSome(known.toSorted())}.`;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function listSome(names: readonly string[]): string {
  const rest = names.length - MOST_LISTED;
  return names.slice(0, MOST_LISTED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
