/** Text in columns and lines. Pure. */

/** A longer cell does not push the column of every other row aside. */
const WIDEST_COLUMN = 44;

/**
 * @param rows cells without colour
 * @returns a line for each row, columns two blanks apart; every line is as long as its columns are wide
 */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, { length }] of row.entries()) {
      if (length <= WIDEST_COLUMN) widths[column] = Math.max(widths[column] ?? 0, length);
    }
  }
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}

/** @returns lines of at most `width` characters, broken between words; a word that is longer stays whole */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
