/** Lays out text in columns and lines at the width of a terminal. Pure. */
import { textWidth } from './text-width.ts';

/** A longer cell does not widen its column for the other rows. */
const WIDEST_COLUMN = 44;

/** The width without a terminal. */
export const DEFAULT_WIDTH = 100;
const MIN_WIDTH = 40;
/** A continued line is indented by this many more columns. */
const HANG = 4;

/** @returns the columns available to results */
export function terminalWidth({ isTTY, columns }: { isTTY?: boolean; columns?: number }): number {
  return isTTY === true && columns ? Math.max(columns, MIN_WIDTH) : DEFAULT_WIDTH;
}

/**
 * @param rows uncolored cells
 * @returns one line per row, its columns two spaces apart and padded to equal width
 */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      const width = textWidth(cell);
      if (width <= WIDEST_COLUMN) widths[column] = Math.max(widths[column] ?? 0, width);
    }
  }
  return rows.map((row) => row.map((cell, column) => padTo(cell, widths[column] ?? 0)).join('  '));
}

/** @returns the text, padded with spaces to that many columns */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(width - textWidth(text), 0));
}

/** @returns lines of at most `width` columns, broken between words; a longer word is not broken */
export function wrap(text: string, width: number): string[] {
  return fill(text.split(' '), width, 0, 0);
}

/**
 * @param text lines, which may be colored and indented
 * @returns the text with lines that are too wide continued on the next line, indented further, or by less
 *   where a long word needs it
 */
export function fitLines(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => (textWidth(line) <= width ? [line] : fitLine(line, width)))
    .join('\n');
}

/** The color and the indentation that a line begins with. */
const BEGIN = /^((?:\p{Cc}\[[\d;]*m)*)( *)/u;

function fitLine(line: string, width: number): string[] {
  const [whole = '', color = '', blanks = ''] = BEGIN.exec(line) ?? [];
  const indent = blanks.length;
  const words = line.slice(whole.length).split(' ');
  const [first = '', ...others] = fill(words, width, indent, indent === 0 ? 0 : indent + HANG);
  return [color + first.trimEnd(), ...others.map((each) => each.trimEnd())];
}

/** @param indent columns before the first line, `hang` before the others; fewer where a long word needs it */
function fill(words: readonly string[], width: number, indent: number, hang: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(last) + 1 + textWidth(word) <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      const wanted = last === undefined ? indent : hang;
      lines.push(' '.repeat(Math.min(wanted, Math.max(width - textWidth(word), 0))) + word);
    }
  }
  return lines;
}
