/** Parses YAML. Messages name the place and never quote the file, because the text may be a secret. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node } from 'yaml';
import { describeFault, type FaultCode } from './yaml-faults.ts';
import type { DocumentPath } from '../text/document-path.ts';
import { quote } from '../text/quote.ts';

/** Counted from 1. */
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
      /** @returns the position of the value at the path, or of the deepest part of the path that exists */
      readonly locate: (path: DocumentPath) => Position;
    }
  | { readonly kind: 'unreadable'; readonly problems: readonly SyntaxProblem[] };

const ALIAS_BOMB = 'found aliases (*name) that expand to a huge document, expected fewer';

/**
 * Parses one YAML 1.2 document, merge keys (`<<`) included.
 * @returns the value as plain objects with positions, or the syntax errors. Never throws.
 */
export function parseYaml(source: string): YamlDocument {
  const lines = new LineCounter();
  const at = (offset: number): Position => lines.linePos(offset);
  const options = { lineCounter: lines, prettyErrors: false, stringKeys: true, merge: true };
  const document = parseDocument(source, options);
  const problems = findSyntaxProblems(document, source, at);
  if (problems.length > 0) return { kind: 'unreadable', problems };
  try {
    const value: unknown = document.toJS();
    return { kind: 'read', value, locate: (path) => at(offsetOf(document, path)) };
  } catch {
    return { kind: 'unreadable', problems: [{ ...at(offsetOfLastAlias(document)), text: ALIAS_BOMB }] };
  }
}

/** Reports the first error, because it often causes others, and every duplicate key. */
function findSyntaxProblems(
  document: Document,
  source: string,
  at: (offset: number) => Position,
): SyntaxProblem[] {
  const faults = [...document.errors, ...document.warnings, ...findNodeFaults(document)].map(
    ({ code, pos: [offset] }) => ({ code, offset }),
  );
  faults.sort((a, b) => a.offset - b.offset);
  const firstFault = faults.find(({ code }) => code !== 'DUPLICATE_KEY');
  const firstKeys = findFirstKeys(document);
  return faults
    .filter((fault) => fault === firstFault || fault.code === 'DUPLICATE_KEY')
    .map(({ code, offset }) => {
      const first = code === 'DUPLICATE_KEY' ? firstKeys.get(offset) : undefined;
      const text = first
        ? `found the key ${quote(first.key)} for the second time (first in line ${at(first.offset).line}), expected each key once`
        : describeFault(code, source, offset);
      const { line, col } = at(offset);
      return { line, col, text };
    });
}

/** @returns by the offset of a duplicate key: the key, and the offset of its first occurrence */
function findFirstKeys(document: Document) {
  const found = new Map<number, { readonly key: string; readonly offset: number }>();
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Map<string, number>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        const offset = seen.get(name);
        if (offset === undefined) seen.set(name, startOf(key));
        else found.set(startOf(key), { key: name, offset });
      }
    },
  });
  return found;
}

/** Finds faults that the library accepts, or reports without a position. */
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

/** @returns the offset of the deepest existing node on the path; an entry of a mapping begins with its key */
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
