/** Holds the import rules of design §7. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

interface Import {
  /** Paths below src, with forward slashes. */
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const SOURCE = join(import.meta.dirname, '../../src');
const files = globSync('**/*.ts', { cwd: SOURCE }).map((file) => file.split(sep).join('/'));
const imports = files.flatMap(importsOf);

/** Static imports and re-exports of our own files, and dynamic ones, which always bring values. */
function importsOf(from: string): Import[] {
  const text = readFileSync(join(SOURCE, from), 'utf8');
  const clauses = text.matchAll(/^(?:import|export)\s+([^;]*?)from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gm);
  return [...clauses].map(([, clause = '', named, dynamic]) => ({
    from,
    to: relative(SOURCE, join(SOURCE, dirname(from), named ?? dynamic ?? ''))
      .split(sep)
      .join('/'),
    typeOnly: named !== undefined && isTypeOnly(clause),
  }));
}

function isTypeOnly(clause: string): boolean {
  if (/^type\s/.test(clause)) return true;
  const names =
    /^\{([^}]*)\}\s*$/
      .exec(clause)?.[1]
      ?.split(',')
      .map((name) => name.trim()) ?? [];
  return names.length > 0 && names.filter((name) => name !== '').every((name) => name.startsWith('type '));
}

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : file;
}
function describeImports(found: readonly Import[]): string[] {
  return found.map(({ from, to }) => `${from} imports ${to}`);
}
function importsFrom(folder: string): Import[] {
  return imports.filter(({ from, to }) => folderOf(from) === folder && folderOf(to) !== folder);
}

test('the rules are held against real imports', () => {
  expect(imports.length).toBeGreaterThan(100);
  expect(imports.filter(({ to }) => !files.includes(to))).toEqual([]);
  expect(imports.some(({ typeOnly }) => typeOnly) && imports.some(({ typeOnly }) => !typeOnly)).toBe(true);
});

test('resolve imports only types from outside itself', () => {
  expect(describeImports(importsFrom('resolve').filter(({ typeOnly }) => !typeOnly))).toEqual([]);
});

describe('upstream-facing folders know the core and the words for what goes wrong, and never each other', () => {
  const known = new Set(['resolve', 'errors.ts', 'connection-trouble.ts', 'retry-after.ts']);

  test.each(['ci', 'registry', 'cache', 'store', 'network'])('%s', (folder) => {
    const others = importsFrom(folder).filter(({ to }) => !known.has(folderOf(to)));
    expect(describeImports(others)).toEqual([]);
  });
});

test('http knows the core, the errors and types of the logger', () => {
  const others = importsFrom('http').filter(
    ({ to, typeOnly }) =>
      !['resolve', 'errors.ts'].includes(folderOf(to)) && !(typeOnly && to === 'logger.ts'),
  );
  expect(describeImports(others)).toEqual([]);
});

test('config knows the core and the errors', () => {
  const others = importsFrom('config').filter(({ to }) => !['resolve', 'errors.ts'].includes(folderOf(to)));
  expect(describeImports(others)).toEqual([]);
});

/** `compose.ts`, and the files that it is cut into. */
const COMPOSE = /^compose(?:-[a-z]+)?\.ts$/;

test('only compose connects: nothing but it brings values of ci, cache, store and network together', () => {
  const found = imports.filter(
    ({ from, to, typeOnly }) =>
      ['ci', 'cache', 'store', 'network'].includes(folderOf(to)) &&
      folderOf(from) !== folderOf(to) &&
      !typeOnly,
  );
  expect(found.length).toBeGreaterThan(5);
  expect(describeImports(found.filter(({ from }) => !/^compose[a-z-]*\.ts$/.test(from)))).toEqual([]);
});

test('only the commands, the demo and the process know compose', () => {
  const found = imports.filter(
    ({ to, from }) =>
      COMPOSE.test(to) &&
      !COMPOSE.test(from) &&
      !['commands', 'demo', 'cli.ts', 'main.ts'].includes(folderOf(from)),
  );
  expect(describeImports(found)).toEqual([]);
});

test('no file imports itself in a circle', () => {
  const graph = new Map<string, string[]>();
  for (const { from, to, typeOnly } of imports)
    if (!typeOnly) graph.set(from, [...(graph.get(from) ?? []), to]);
  const circles = files.filter((file) => reaches(file, file, graph));
  expect(circles).toEqual([]);
});

function reaches(start: string, target: string, graph: ReadonlyMap<string, readonly string[]>): boolean {
  const seen = new Set<string>();
  const queue = [...(graph.get(start) ?? [])];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (next === target) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    queue.push(...(graph.get(next) ?? []));
  }
  return false;
}

test('process.env is read in one file', () => {
  const readers = files.filter((file) => readFileSync(join(SOURCE, file), 'utf8').includes('process.env'));
  expect(readers).toEqual(['main.ts']);
});

test('no barrels, no utils, no helpers', () => {
  expect(files.filter((file) => /(^|\/)(index|utils?|helpers?)\.ts$/.test(file))).toEqual([]);
});
