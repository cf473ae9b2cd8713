/** The generated parts of the documentation are current and complete. */
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

/** Every key of the configuration. */
function collectKeys(schema: JsonSchema): string[] {
  const entries = findEntries(schema);
  if (entries !== undefined) return collectKeys(entries);
  return findMappings(schema).flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([key, value]) => [key].concat(collectKeys(value))),
  );
}

test('greenpin.example.yaml shows every key', () => {
  const example = readFileSync(join(ROOT, 'greenpin.example.yaml'), 'utf8');
  const shown = new Set([...example.matchAll(/[\s{]([A-Za-z]+):/g)].map(([, key]) => key));
  const keys = collectKeys(readConfigSchema());
  expect(keys).toContain('onMissing');
  // A mapping on one line shows only one of the two keys for a secret: the file.
  expect(keys.filter((key) => !shown.has(key) && !key.endsWith('Env'))).toEqual([]);
});
