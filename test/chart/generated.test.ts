/** The generated files are current, and the chart's schema agrees with Greenpin's own. */
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it, test } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema } from '../../src/config/schema.ts';
import { configPart } from './config-schema.ts';
import { derivedFiles } from './generate.ts';
import { render } from './helm.ts';
import { toHelmPattern, withoutLookaheads } from './helm-pattern.ts';
import { CHART, leaves, readSections } from './values-file.ts';

const { helms } = inject('chartTools');
const GOLDEN = join(import.meta.dirname, 'golden/minimal.yaml');

test('the generated files are current; `npm run chart` writes them', async () => {
  for (const [name, text] of await derivedFiles()) {
    expect(readFileSync(join(CHART, name), 'utf8'), name).toBe(text);
  }
});

test('each value has a description, and no key of values.yaml is left out', () => {
  const values = readSections().flatMap((section) => section.values);
  expect(leaves(values).filter(({ description }) => description === '')).toEqual([]);
  const document = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Record<string, unknown>;
  expect(values.map(({ path }) => path)).toEqual(Object.keys(document));
});

test.skipIf(helms.length === 0)(
  'the minimal values render the golden manifest; UPDATE_GOLDEN=1 rewrites it',
  async () => {
    const manifest = await render(helms[0]?.command ?? '', { files: ['minimal'] });
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN, manifest);
    expect(manifest).toBe(readFileSync(GOLDEN, 'utf8'));
  },
);

/** All patterns in a schema, at any depth. */
function patterns(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(patterns);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === 'pattern' && typeof value === 'string' ? [value] : patterns(value),
  );
}

const NEAR_MISSES = [
  '',
  '~/token',
  'ghp_0123456789abcdef',
  '-----BEGIN KEY',
  'a0123456789012345678901234567890',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  'file:x',
  ':memory:',
  ':memory:x',
  'acme/..',
  'acme/...',
  'acme/shop.git',
  'acme/shop.gitx',
  'https://github.com/',
  'https://www.github.com',
  'https://github.company.com/api/v3',
  'line\nbreak',
  '/var/run/secrets/github/token',
  '.github/workflows/build.yml',
];

describe('patterns without lookahead', () => {
  const sources = [...new Set(patterns(configJsonSchema()))];

  it.for(sources)('%s means the same', (source) => {
    const accepts = new Ajv().compile({ type: 'string', ...toHelmPattern(source) });
    const original = new RegExp(source);
    const bare = withoutLookaheads(source);
    const likely = fc.oneof(
      fc.string(),
      fc.constantFrom(...NEAR_MISSES),
      fc.stringMatching(new RegExp(bare)),
    );
    const same = fc.property(likely, (text) => accepts(text) === original.test(text));
    const examples = NEAR_MISSES.map((text): [string] => [text]);
    expect(fc.check(same, { examples, numRuns: 500 }).counterexample).toBeNull();
  });

  it('contain nothing that helm does not know', () => {
    expect(patterns(configPart()).filter((pattern) => /\(\?[<!=]|\\u/.test(pattern))).toEqual([]);
  });
});

describe('the schema of config', () => {
  const mine = new Ajv({ strict: false, allErrors: true }).compile(configPart());
  const own = new Ajv2020({ strict: false, allErrors: true }).compile(configJsonSchema());
  const good = parse(readFileSync(join(CHART, '../../greenpin.example.yaml'), 'utf8')) as Record<
    string,
    unknown
  >;

  it.for<[string, unknown]>([
    ['the example', good],
    ['a misspelt key', { ...good, freshfor: '15s' }],
    ['ignored keys', { ...good, 'x-a': null, server: { 'x-b': [1] } }],
    [
      'an ignored key among names',
      { ...good, connections: { ...(good['connections'] as object), 'x-a': 1 } },
    ],
    ['a bad duration', { ...good, freshFor: '15' }],
    [
      'two ways to sign in',
      { ...good, connections: { a: { kind: 'github', tokenEnv: 'A', tokenFile: 'b' } } },
    ],
    [
      'an identity with a user',
      { ...good, registries: { 'a.azurecr.io': { identity: 'azure', username: 'a' } } },
    ],
    [
      'a role without an identity',
      { ...good, registries: { a: { roleArn: 'arn:aws:iam::123456789012:role/a' } } },
    ],
    ['an unknown store', { ...good, store: { kind: 'etcd' } }],
    ['a port as a string', { ...good, server: { port: '4355' } }],
  ])("judges %s as Greenpin's own schema does", ([, value]) => {
    expect(mine(value)).toBe(own(value));
  });

  it('has the same keys everywhere', () => {
    const other = new Set(['$schema', 'dependencies', 'dependentSchemas', 'pattern', 'allOf']);
    const keys = (node: unknown): unknown => {
      if (Array.isArray(node)) return node.map(keys);
      if (typeof node !== 'object' || node === null) return node;
      const entries = Object.entries(node).filter(([key]) => !other.has(key));
      return Object.fromEntries(entries.map(([key, value]) => [key, keys(value)]));
    };
    const { required, ...rest } = keys(configJsonSchema()) as { required: unknown };
    expect(required).toEqual(['projects']);
    expect(keys(configPart())).toEqual(rest);
  });
});
