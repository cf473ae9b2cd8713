/** Describes YAML syntax errors without quoting the file, because the text may be a secret. Pure. */
import type { ErrorCode } from 'yaml';

export type FaultCode = ErrorCode | 'PROTOTYPE_KEY';

const INDENTATION =
  'found wrong indentation, or an unclosed bracket above, expected the entries of a mapping or list in one column';
const NEEDS_QUOTES = 'found text that YAML reads as something else, expected it in quotes';
const OTHER = 'found invalid YAML, expected one KEY: VALUE per line, with special characters in quotes';

const PROBLEMS: Readonly<Partial<Record<FaultCode, string>>> = {
  BAD_ALIAS: 'found an alias (*name) without an anchor (&name) before it, expected the anchor first',
  BAD_DQ_ESCAPE: 'found an unknown escape in double quotes, expected single quotes or a known escape',
  BAD_INDENT: INDENTATION,
  BAD_SCALAR_START: NEEDS_QUOTES,
  BLOCK_AS_IMPLICIT_KEY: NEEDS_QUOTES,
  BLOCK_IN_FLOW: NEEDS_QUOTES,
  DUPLICATE_KEY: 'found a key for the second time, expected each key once',
  MISSING_CHAR: 'found an unfinished value, expected a closing quote or bracket, a comma or a colon',
  MULTIPLE_DOCS: 'found a second document (---), expected one',
  PROTOTYPE_KEY: 'found the key __proto__, expected another key',
  TAB_AS_INDENT: 'found a tab, expected spaces as indentation',
};

/** The surroundings of an error. */
interface Place {
  /** The text of the line before the error. */
  readonly before: string;
  /** The rest of the file from the error on. */
  readonly after: string;
}

/** Common mistakes that share an error code. The first match counts. */
const MISTAKES: readonly (readonly [matches: (place: Place) => boolean, text: string])[] = [
  [
    ({ before, after }) => /[${]$/.test(before) && after.startsWith('{'),
    'found ${...} or {{...}}, which Greenpin does not expand, expected the value itself; for example {commit} in an image reference, with the whole text in quotes',
  ],
  [
    ({ before, after }) => /\[[0-9a-f:.]*:[0-9a-f:.]*\]$/i.test(before) || /^[0-9a-f]*::/i.test(after),
    'found an IPv6 address, which YAML reads as something else, expected it in quotes, for example "::1", or "[::1]:5000" for a registry',
  ],
  [
    // The library points at the text with the braces, or at the text after them.
    ({ before, after }) =>
      /:\s+\{[^{}]*\}$/.test(before) || (/^[^\s,]*\{\w+(?::\d+)?\}/.test(after) && before.includes('{')),
    "found { } in a text without quotes, expected the whole text in quotes, for example {front: 'ghcr.io/acme/front:{commit}'}",
  ],
  [
    ({ before }) => /["']$/.test(before.trimEnd()),
    "found more text after a closing quote, expected the whole text in one pair of quotes; inside '...', write ' as ''",
  ],
];

/** Codes that cover many different mistakes. */
const VAGUE: ReadonlySet<FaultCode> = new Set([
  'UNEXPECTED_TOKEN',
  'BLOCK_IN_FLOW',
  'MISSING_CHAR',
  'NON_STRING_KEY',
]);

/** @returns `found …, expected …` */
export function describeFault(code: FaultCode, source: string, offset: number): string {
  const problem = PROBLEMS[code] ?? OTHER;
  if (!VAGUE.has(code)) return problem;
  const start = source.lastIndexOf('\n', offset - 1) + 1;
  const place = { before: source.slice(start, offset), after: source.slice(offset) };
  const [, text] = MISTAKES.find(([matches]) => matches(place)) ?? [];
  return text ?? problem;
}
