/** What is wrong with the syntax of a YAML file, in words for a person; nothing of the file is quoted, since it may be a secret. Pure. */
import type { ErrorCode } from 'yaml';

export type FaultCode = ErrorCode | 'PROTOTYPE_KEY';

/** The library's own messages may quote the file. */
const PROBLEMS: Readonly<Record<FaultCode, string>> = {
  ALIAS_PROPS: 'found an anchor or a tag before an alias, expected the alias alone',
  BAD_ALIAS: 'found an alias (*name) without an anchor (&name) before it, expected its anchor first',
  BAD_COLLECTION_TYPE: 'found a tag that does not fit its value, expected no tag',
  BAD_DIRECTIVE: 'found a directive (%) that is not known, expected none',
  BAD_DQ_ESCAPE: 'found an unknown escape in a double-quoted text, expected single quotes or a known one',
  BAD_INDENT:
    'found wrong indentation, or a bracket further up that is not closed, expected the entries of a mapping or list in one column',
  BAD_PROP_ORDER: 'found an anchor or a tag in the wrong place, expected it directly before its value',
  BAD_SCALAR_START: 'found a text that begins with a reserved character, expected it in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'found a mapping inside a line, expected one key a line, and texts with ": " in quotes',
  BLOCK_IN_FLOW:
    'found a mapping or list that does not fit between brackets, expected texts that hold { } in quotes',
  DUPLICATE_KEY: 'found a key for the second time, expected each key once',
  IMPOSSIBLE: 'found text that is not YAML, expected a mapping',
  KEY_OVER_1024_CHARS: 'found a very long key, expected a key and a colon',
  MISSING_CHAR: 'found something unfinished, expected a closing quote or bracket, a comma or a colon',
  MULTILINE_IMPLICIT_KEY: 'found a key without a colon, or no blank after it, expected KEY: VALUE',
  MULTIPLE_ANCHORS: 'found two anchors at one value, expected one',
  MULTIPLE_DOCS: 'found a second document (---), expected one',
  MULTIPLE_TAGS: 'found two tags at one value, expected none',
  NON_STRING_KEY: 'found a mapping or list as a key, expected a word',
  PROTOTYPE_KEY: 'found the key __proto__, which no mapping may have, expected another one',
  RESOURCE_EXHAUSTION: 'found too deep a nesting, expected a mapping',
  TAB_AS_INDENT: 'found a tab, expected spaces as indentation',
  TAG_RESOLVE_FAILED: 'found a tag (!name) that is not known, expected no tag',
  UNEXPECTED_TOKEN:
    'found something unexpected, expected KEY: VALUE, with texts that hold { } or quotes in quotes',
};

/** What the library's codes do not tell apart, and people do wrong. */
interface Place {
  /** The text of the line before the fault, and from it on. */
  readonly before: string;
  readonly after: string;
  /** The whole file. */
  readonly source: string;
}

type Mistake = readonly [fits: (place: Place) => boolean, text: string];

/** The first that fits counts. */
const MISTAKES: readonly Mistake[] = [
  [
    ({ source }) =>
      /^[^\S\n]*\[[\w. "-]+\][^\S\n]*$/m.test(source) && /^[^\S\n]*[\w-]+[^\S\n]*=/m.test(source),
    'found TOML ([section], key = value), expected YAML: KEY: VALUE, and what belongs to a key indented below it',
  ],
  [
    ({ before, after }) => before.endsWith('$') && after.startsWith('{{'),
    "found ${{ ... }} of GitHub Actions, which nobody replaces here, expected Greenpin's own, for example {commit}, with the whole text in quotes",
  ],
  [
    ({ before, after }) => before.endsWith('$') && after.startsWith('{'),
    'found ${...}, which nobody replaces here, expected the value itself',
  ],
  [
    ({ before, after }) => (before.endsWith('{') && after.startsWith('{')) || /\{\{[^}]*\}\}$/.test(before),
    'found {{ ... }} of a template, which nobody replaces here, expected the value itself, or the text in quotes',
  ],
  [
    ({ before, after }) => /\[[0-9a-f:.]*:[0-9a-f:.]*\]$/i.test(before) || /^[0-9a-f]*::/i.test(after),
    'found an IPv6 address, which YAML reads as something else, expected it in quotes, for example "::1", or "[::1]:5000" for a registry',
  ],
  [
    ({ before, after }) => /:\s+\{[^{}]*\}$/.test(before) && /^[^\s,}\]]/.test(after),
    'found a text that begins with {, which YAML reads as a mapping, expected the whole text in quotes',
  ],
  [
    ({ before }) => /["']$/.test(before.trimEnd()),
    "found more text after a closing quote, expected the whole text in one pair of quotes; a ' inside of '...' is written ''",
  ],
  [
    ({ after }) => /^[}\]]/.test(after),
    'found a closing bracket that none was opened for, expected one for each that was opened',
  ],
  [
    // The library points at the text that holds it, or at the brace itself.
    ({ before, after }) => /^[^\s,]*\{\w+(?::\d+)?\}/.test(after) && /\{/.test(before),
    "found a template without quotes between { }, expected it in quotes, for example {front: 'ghcr.io/acme/front:{commit}'}",
  ],
];

/** Codes that stand for many mistakes. */
const VAGUE: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'UNEXPECTED_TOKEN',
  'BLOCK_IN_FLOW',
  'MISSING_CHAR',
  'NON_STRING_KEY',
]);

/** @returns `found …, expected …`, for a fault at the place */
export function describeFault(code: FaultCode, source: string, offset: number): string {
  if (!VAGUE.has(code)) return PROBLEMS[code];
  const start = source.lastIndexOf('\n', offset - 1) + 1;
  const place = { before: source.slice(start, offset), after: source.slice(offset), source };
  const [, text] = MISTAKES.find(([fits]) => fits(place)) ?? [];
  return text ?? PROBLEMS[code];
}

/** @param line where the key is for the first time */
export function describeDuplicate(key: string, line: number): string {
  return `found the key ${key} for the second time (the first is in line ${line}), expected each key once`;
}
