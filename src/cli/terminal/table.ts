/** Text in columns and lines, at the width of a terminal. Pure. */
import { textWidth } from './text-width.ts';

/** A longer cell does not push the column of every other row aside. */
const WIDEST_COLUMN = 44;

/** Without a terminal, and the least that a terminal is taken to have. */
export const USUAL_WIDTH = 100;
const LEAST_WIDTH = 40;

/** What a line goes on below that does not fit: so many columns further right than it began. */
const HANG = 4;

/** @returns how many columns results may take */
export function terminalWidth({
  isTTY,
  columns,
}: {
  readonly isTTY?: boolean;
  readonly columns?: number;
}): number {
  return isTTY === true && columns !== undefined && columns > 0
    ? Math.max(columns, LEAST_WIDTH)
    : USUAL_WIDTH;
}

/**
 * @param rows cells without colour
 * @returns a line for each row, columns two blanks apart; every line is as long as its columns are wide
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

/** @returns the text with blanks up to so many columns */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(width - textWidth(text), 0));
}

/** @returns lines of at most `width` columns, broken between words; a word that is wider stays whole */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || textWidth(line) + 1 + textWidth(word) > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

/**
 * @param text lines that may be coloured and indented
 * @returns the same, where those that are too wide go on in the next line: below what is indented further right, or, before a word
 * that would not fit there, as far right as it does
 */
export function fitLines(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => (textWidth(line) <= width ? [line] : fitLine(line, width)))
    .join('\n');
}

/** A line may begin with its colour. */
const BEGIN = /^((?:\p{Cc}\[[\d;]*m)*)( *)/u;

function fitLine(line: string, width: number): string[] {
  const [whole = '', colour = '', blanks = ''] = BEGIN.exec(line) ?? [];
  const begin = blanks.length;
  const hang = begin === 0 ? 0 : begin + HANG;
  const lines: string[] = [];
  for (const word of line.slice(whole.length).split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(last) + 1 + textWidth(word) <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      const indent = Math.min(last === undefined ? begin : hang, Math.max(width - textWidth(word), 0));
      lines.push(' '.repeat(indent) + word);
    }
  }
  const [first = '', ...others] = lines.map((each) => each.trimEnd());
  return [colour + first, ...others];
}
