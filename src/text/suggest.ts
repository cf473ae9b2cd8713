/** Finds the word that the user probably meant. Pure. */

const MAX_LENGTH = 64;

/**
 * @param found the word that was written
 * @param known the words that are valid
 * @returns the nearest known word within two edits (one for words under six letters); case, `-`, `_` and `y`
 *   for `ies` are ignored
 */
export function suggest(found: string, known: readonly string[]): string | undefined {
  // A longer word is not a typing mistake, and its distance is expensive to compute.
  if (found.length > MAX_LENGTH) return undefined;
  let nearest: string | undefined;
  let least = Infinity;
  for (const word of known) {
    const distance = editDistance(fold(found), fold(word));
    if (distance < least) [nearest, least] = [word, distance];
  }
  return nearest !== undefined && least <= (nearest.length < 6 ? 1 : 2) ? nearest : undefined;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '').replace(/ies$/, 'y');
}

/**
 * Counts insertions, deletions, substitutions and transpositions of neighbours
 * (https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance#Optimal_string_alignment_distance).
 */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? Infinity;
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (same ? 0 : 1),
          swapped ? at(row - 2, column - 2) + 1 : Infinity,
        ),
      );
    }
  }
  return at(a.length, b.length);
}
