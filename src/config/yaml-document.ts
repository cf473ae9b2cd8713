/** Reads YAML without ever showing what is in it: a message names the place, since the text around it may hold a secret. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, ErrorCode, Node } from 'yaml';
import type { DocumentPath } from './problem.ts';

/** Both count from 1. */
interface Position {
  readonly line: number;
  readonly col: number;
}

interface SyntaxProblem extends Position {
  /** `found …, expected …`, on one line. */
  readonly text: string;
}

export type YamlDocument =
  | {
      readonly kind: 'read';
      readonly value: unknown;
      /** Where the path, or as much of it as there is, begins in the file. */
      readonly locate: (path: DocumentPath) => Position;
    }
  | { readonly kind: 'unreadable'; readonly problems: readonly SyntaxProblem[] };

type FaultCode = ErrorCode | 'PROTOTYPE_KEY';

/** The library's own messages may quote the file. */
const PROBLEMS: Readonly<Record<FaultCode, string>> = {
  ALIAS_PROPS: 'found an anchor or a tag before an alias, expected the alias alone',
  BAD_ALIAS: 'found an alias (*name) without an anchor (&name) before it, expected its anchor first',
  BAD_COLLECTION_TYPE: 'found a tag that does not fit its value, expected no tag',
  BAD_DIRECTIVE: 'found a directive (%) that is not known, expected none',
  BAD_DQ_ESCAPE: 'found an unknown escape in a double-quoted text, expected single quotes or a known one',
  BAD_INDENT:
    'found wrong indentation or an open bracket, expected the entries of a mapping or list in one column',
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
  MULTILINE_IMPLICIT_KEY: 'found a key without a colon, expected KEY: VALUE',
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

const ALIAS_BOMB = 'found aliases (*name) that multiply into a huge document, expected few';

/**
 * Parses one YAML 1.2 document, merge keys (`<<`) included.
 * @returns the value as plain objects, with positions; or what is wrong with its syntax. Never throws.
 */
export function parseYaml(source: string): YamlDocument {
  const lines = new LineCounter();
  const at = (offset: number): Position => lines.linePos(offset);
  const document = parseDocument(source, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    merge: true,
  });
  const problems = findSyntaxProblems(document, at);
  if (problems.length > 0) return { kind: 'unreadable', problems };
  try {
    const value: unknown = document.toJS();
    return { kind: 'read', value, locate: (path) => at(offsetOf(document, path)) };
  } catch {
    const offset = offsetOfLastAlias(document);
    return { kind: 'unreadable', problems: [problemAt(at(offset), ALIAS_BOMB)] };
  }
}

/** One error in the syntax often makes others out of what follows: the first is reported, and every key that is there twice. */
function findSyntaxProblems(document: Document, at: (offset: number) => Position): SyntaxProblem[] {
  const faults = [...document.errors, ...document.warnings, ...findNodeFaults(document)].map(
    ({ code, pos: [offset] }) => ({ code, offset }),
  );
  faults.sort((a, b) => a.offset - b.offset);
  const first = faults.find(({ code }) => code !== 'DUPLICATE_KEY');
  return faults
    .filter((fault) => fault === first || fault.code === 'DUPLICATE_KEY')
    .map(({ code, offset }) => problemAt(at(offset), PROBLEMS[code]));
}

/** What the library lets pass, or notices too late to say where. */
function findNodeFaults(document: Document): { code: FaultCode; pos: readonly [number] }[] {
  const faults: { code: FaultCode; pos: readonly [number] }[] = [];
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) faults.push({ code: 'BAD_ALIAS', pos: [startOf(alias)] });
    },
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value === '__proto__')
        faults.push({ code: 'PROTOTYPE_KEY', pos: [startOf(key)] });
    },
  });
  return faults;
}

function problemAt({ line, col }: Position, text: string): SyntaxProblem {
  return { line, col, text };
}

/** Begin of the deepest node on the path that is there: a mapping's entry begins with its key. */
function offsetOf(document: Document, path: DocumentPath): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const step of path) {
    const target = isAlias(node) ? node.resolve(document) : node;
    const next = stepInto(target, step);
    if (next === undefined) return offset;
    ({ node, offset } = next);
  }
  return offset;
}

function stepInto(node: unknown, step: string | number): { node: unknown; offset: number } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
    return pair === undefined ? undefined : { node: pair.value, offset: startOf(pair.key) };
  }
  const item = isSeq(node) && typeof step === 'number' ? node.items[step] : undefined;
  return item === undefined ? undefined : { node: item, offset: startOf(item) };
}

function startOf(node: unknown): number {
  return (node as Node | undefined)?.range?.[0] ?? 0;
}

function offsetOfLastAlias(document: Document): number {
  let offset = 0;
  visit(document, { Alias: (_, alias) => void (offset = alias.range?.[0] ?? 0) });
  return offset;
}
