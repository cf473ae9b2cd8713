/** Finds what somebody probably meant. Pure. */

/**
 * @param found what was written
 * @param known what could have been meant
 * @returns the known word that is a typing mistake away (two letters, of short words one; case, `-`, `_` and `y` for `ies` don't count)
 */
export function suggest(found: string, known: readonly string[]): string | undefined {
  // A very long word is no typing mistake, and its distance would be dear to compute.
  if (found.length > 64) return undefined;
  const distances = known.map((word) => ({ word, distance: editDistance(fold(found), fold(word)) }));
  const nearest = distances.reduce<{ word: string; distance: number } | undefined>(
    (best, next) => (best === undefined || next.distance < best.distance ? next : best),
    undefined,
  );
  if (nearest === undefined || nearest.distance > (nearest.word.length < 6 ? 1 : 2)) return undefined;
  return nearest.word;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '').replace(/ies$/, 'y');
}

/**
 * Insertions, deletions, substitutions and swaps of two neighbours
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
