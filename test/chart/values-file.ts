/** Parses values.yaml with its comments, for the schema and the chart's README. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, parseDocument, type Pair, type YAMLMap } from 'yaml';

export const CHART = join(import.meta.dirname, '../../charts/greenpin');

export interface Value {
  /** Keys, joined by dots. */
  readonly path: string;
  readonly description: string;
  readonly fallback: unknown;
  /** Empty if none of its values has a comment. */
  readonly children: readonly Value[];
}

export interface Section {
  readonly title: string;
  readonly values: readonly Value[];
}

const SECTION = /^@section (.+)$/;

/** @returns the sections in order */
export function readSections(): readonly Section[] {
  const document = parseDocument(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
  if (!isMap(document.contents)) throw new Error('found no mapping in values.yaml');
  const sections: { title: string; values: Value[] }[] = [];
  for (const pair of document.contents.items) {
    const paragraphs = commentOf(document.contents, pair);
    const title = paragraphs.flatMap((paragraph) => SECTION.exec(paragraph)?.[1] ?? []).at(-1);
    if (title !== undefined) sections.push({ title, values: [] });
    sections.at(-1)?.values.push(toValue('', document.contents, pair));
  }
  return sections;
}

/** @returns the values without children */
export function leaves(values: readonly Value[]): Value[] {
  return values.flatMap((value) => (value.children.length === 0 ? [value] : leaves(value.children)));
}

function toValue(parent: string, map: YAMLMap, pair: Pair): Value {
  const path = parent === '' ? keyOf(pair) : `${parent}.${keyOf(pair)}`;
  const inner = pair.value;
  const described = isMap(inner) && inner.items.some((item) => commentOf(inner, item).length > 0);
  const node = pair.value as { toJSON(): unknown };
  return {
    path,
    description: commentOf(map, pair).at(-1) ?? '',
    fallback: node.toJSON(),
    children: described ? inner.items.map((item) => toValue(path, inner, item)) : [],
  };
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : '';
}

/** The paragraphs above a key. The parser attaches those of a map's first key to the map. */
function commentOf(map: YAMLMap, pair: Pair): string[] {
  const own = isScalar(pair.key) ? (pair.key.commentBefore ?? '') : '';
  const comment = own === '' && map.items[0] === pair ? (map.commentBefore ?? '') : own;
  const paragraphs = comment.split(/\n\s*\n/).map((text) => text.replaceAll(/\s*\n\s*/g, ' ').trim());
  return paragraphs.filter((text) => text !== '');
}
