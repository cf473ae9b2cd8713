/** What the documentation takes from the code is current, and the example file is a valid configuration. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { createDerivedDocs } from './generate.ts';
import { findEntries, findMappings, readConfigSchema, type JsonSchema } from './json-schema.ts';
import { ROOT } from './pages.ts';

describe('what `npm run docs` writes', async () => {
  it.for([...(await createDerivedDocs())])('%s is current', ([path, text]) => {
    expect(readFileSync(join(ROOT, path), 'utf8')).toBe(text);
  });
});

interface Key {
  readonly path: string;
  readonly schema: JsonSchema;
}

/** Every key of the configuration, with its path. */
function collectKeys(path: string, schema: JsonSchema): Key[] {
  const entries = findEntries(schema);
  if (entries !== undefined) return collectKeys(`${path}.NAME`, entries);
  return findMappings(schema).flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([key, value]) => {
      const own = { path: `${path}.${key}`, schema: value };
      return [own, ...collectKeys(own.path, value)];
    }),
  );
}

const keys = collectKeys('', readConfigSchema());

test('the configuration has keys', () => {
  expect(keys.map(({ path }) => path)).toEqual(expect.arrayContaining(['.freshFor', '.projects.NAME.forks']));
});

test('examples and defaults are values that their keys accept', () => {
  const ajv = new Ajv2020({ strict: false });
  for (const { path, schema } of keys) {
    const accepts = ajv.compile(schema);
    const values = [...(schema.examples ?? []), ...(schema.default === undefined ? [] : [schema.default])];
    for (const value of values) expect([path, value, accepts(value)]).toEqual([path, value, true]);
  }
});

test('greenpin.example.yaml shows every key', () => {
  const example = readFileSync(join(ROOT, 'greenpin.example.yaml'), 'utf8');
  const shown = new Set([...example.matchAll(/[\s{]([A-Za-z]+):/g)].map(([, key]) => key));
  const names = keys.map(({ path }) => path.slice(path.lastIndexOf('.') + 1));
  // A variable in place of a file: the comment of the mapping names both.
  expect(names.filter((name) => !shown.has(name) && !name.endsWith('Env'))).toEqual([]);
});
