/** Workflows that the configuration names and CI does not know: a name that is misspelt matches no run, and so nothing is ever green. Pure. */
import { suggest } from '../../text/suggest.ts';

const MOST_LISTED = 5;

/**
 * @param path that no run has
 * @param known paths that runs have
 * @returns what was meant, or what there is: `did you mean .github/workflows/build.yml?`
 */
export function suggestWorkflow(path: string, known: Iterable<string>): string {
  const paths = [...known].toSorted();
  const nearestFile = suggest(fileName(path), paths.map(fileName));
  const nearest = paths.find((each) => fileName(each) === nearestFile);
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  if (paths.length === 0) return 'CI knows no workflow at all';
  const rest = paths.length - MOST_LISTED;
  const more = rest > 0 ? ` and ${rest} more` : '';
  return `CI has ${paths.slice(0, MOST_LISTED).join(', ')}${more}`;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
