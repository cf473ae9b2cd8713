/**
 * Parses `WWW-Authenticate` (RFC 9110, 11.6.1) leniently, since registries send this header in every shape:
 * several challenges on one line (Codeberg) or over several lines, empty values, values without quotes. Pure.
 */

export interface Challenge {
  /** Lower case: `bearer`, `basic`, or one that the caller does not know. */
  readonly scheme: string;
  /** By lower-case name; the first value of a repeated name. */
  readonly parameters: ReadonlyMap<string, string>;
}

const SEPARATORS = /[\s,]*/y;
const SPACES = /[ \t]*/y;
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
/**
 * A single token (`Negotiate YII...==`), only directly after a scheme and followed by nothing but a comma. A
 * plain `name=` counts as an empty parameter instead: `Bearer service=,realm="..."`.
 */
const TOKEN68 = /(?:[A-Za-z0-9\-._~+]*\/[A-Za-z0-9\-._~+/]*=*|[A-Za-z0-9\-._~+]+(?:==+)?)(?=[ \t]*(?:,|$))/y;
const UNQUOTED = /[^\s,]*/y;

/** A position in a header line. It only moves forward, so the work is linear in the line's length. */
interface Cursor {
  readonly line: string;
  position: number;
}

/**
 * @param header as undici's `request` returns it: one line, or one element for each line
 * @returns every challenge, in order; never throws
 */
export function parseChallenges(header: string | readonly string[] | undefined): Challenge[] {
  const lines = typeof header === 'string' ? [header] : (header ?? []);
  return lines.flatMap(parseLine);
}

function parseLine(line: string): Challenge[] {
  const cursor: Cursor = { line, position: 0 };
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  while (take(cursor, SEPARATORS) !== undefined && cursor.position < line.length) {
    const name = take(cursor, TOKEN)?.toLowerCase();
    if (name === undefined) {
      skipToComma(cursor);
      continue;
    }
    const afterName = cursor.position;
    take(cursor, SPACES);
    if (line[cursor.position] === '=') {
      cursor.position++;
      const value = takeValue(cursor);
      const parameters = challenges.at(-1)?.parameters;
      if (value !== undefined && parameters?.has(name) === false) parameters.set(name, value);
    } else {
      challenges.push({ scheme: name, parameters: new Map() });
      if (cursor.position > afterName) take(cursor, TOKEN68);
    }
  }
  return challenges;
}

/** @returns undefined if a quoted value is unterminated, since half a value is worse than none */
function takeValue(cursor: Cursor): string | undefined {
  take(cursor, SPACES);
  if (cursor.line[cursor.position] !== '"') return take(cursor, UNQUOTED);
  const pieces: string[] = [];
  let start = cursor.position + 1;
  for (let i = start; i < cursor.line.length; i++) {
    const character = cursor.line[i];
    if (character === '"') {
      cursor.position = i + 1;
      return [...pieces, cursor.line.slice(start, i)].join('');
    }
    if (character === '\\') {
      pieces.push(cursor.line.slice(start, i));
      start = ++i;
    }
  }
  cursor.position = cursor.line.length;
  return undefined;
}

function skipToComma(cursor: Cursor): void {
  const comma = cursor.line.indexOf(',', cursor.position);
  cursor.position = comma === -1 ? cursor.line.length : comma;
}

/** Moves over the longest match at the cursor; the pattern is sticky. */
function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.position;
  const text = pattern.exec(cursor.line)?.[0];
  cursor.position += text?.length ?? 0;
  return text;
}
