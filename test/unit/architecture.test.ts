/** Checks the order of the layers. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, it, test } from 'vitest';

/**
 * Bottom to top: a file imports, values and types alike, only what lies below its layer or in its own folder. The folders of one
 * layer never import each other.
 */
const LAYERS: readonly (readonly string[])[] = [
  ['text', 'clock.ts', 'errors.ts'],
  ['image', 'log'],
  ['resolve', 'schema'],
  ['wire', 'secrets'],
  ['upstream'],
  ['resilience'],
  ['ci', 'registry', 'store', 'answers'],
  ['runs', 'replicas', 'http', 'config'],
  ['metrics.ts'],
  ['compose'],
  ['cli'],
  ['main.ts'],
];

interface Import {
  /** Paths below src, with forward slashes. */
  readonly from: string;
  readonly to: string;
}

const SOURCE = join(import.meta.dirname, '../../src');
const files = globSync('**/*.ts', { cwd: SOURCE }).map((file) => file.split(sep).join('/'));
const imports = files.flatMap(importsOf);

/** Imports and re-exports of our own files, those of types and dynamic ones as well. */
function importsOf(from: string): Import[] {
  const text = readFileSync(join(SOURCE, from), 'utf8');
  const clauses = text.matchAll(/^(?:import|export)\s+[^;]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gm);
  return [...clauses].map(([, named, dynamic]) => ({
    from,
    to: relative(SOURCE, join(SOURCE, dirname(from), named ?? dynamic ?? ''))
      .split(sep)
      .join('/'),
  }));
}

/** The folder below src, or the file that lies there. */
function partOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : file;
}

function layerOf(file: string): number {
  return LAYERS.findIndex((parts) => parts.includes(partOf(file)));
}

function importersOf(file: string): string[] {
  return imports.filter(({ to }) => to === file).map(({ from }) => from);
}

test('the rules are held against real imports', () => {
  expect(imports.length).toBeGreaterThan(500);
  expect(imports.filter(({ to }) => !files.includes(to))).toEqual([]);
});

test('every file lies in a layer, and every layer has files', () => {
  expect(files.filter((file) => layerOf(file) === -1)).toEqual([]);
  const parts = new Set(files.map(partOf));
  expect(LAYERS.flat().filter((part) => !parts.has(part))).toEqual([]);
});

test('imports point downwards', () => {
  const upwards = imports.filter(
    ({ from, to }) => partOf(from) !== partOf(to) && layerOf(to) >= layerOf(from),
  );
  expect(upwards.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
});

test('no file imports itself in a circle, of types neither', () => {
  const graph = Map.groupBy(imports, ({ from }) => from);
  const reaches = (start: string, target: string): boolean => {
    const seen = new Set<string>();
    const queue = [start];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const { to } of graph.get(next) ?? []) {
        if (to === target) return true;
        if (!seen.has(to)) queue.push(to);
        seen.add(to);
      }
    }
    return false;
  };
  expect(files.filter((file) => reaches(file, file))).toEqual([]);
});

describe('the registry', () => {
  it('is called through its client by the assembly and two commands only', () => {
    const outside = importersOf('registry/client.ts').filter(
      (from) => !/^(?:compose\/|cli\/check\/|cli\/digest\.ts$)/.test(from),
    );
    expect(outside).toEqual([]);
  });

  it('is reached over HTTP through its transport only', () => {
    expect(importersOf('registry/transport.ts').filter((from) => partOf(from) !== 'registry')).toEqual([]);
    const senders = files.filter((file) => {
      const text = readFileSync(join(SOURCE, file), 'utf8');
      return (
        partOf(file) === 'registry' && /\b(?:createHttpClient|createTransport)\(|from 'undici'/.test(text)
      );
    });
    expect(senders).toEqual(['registry/client.ts', 'registry/transport.ts']);
  });
});

test('process.env is read in one file', () => {
  const readers = files.filter((file) => readFileSync(join(SOURCE, file), 'utf8').includes('process.env'));
  expect(readers).toEqual(['main.ts']);
});

test('no barrels, no utils, no helpers', () => {
  expect(files.filter((file) => /(^|\/)(index|utils?|helpers?)\.ts$/.test(file))).toEqual([]);
});
