import { expect, it } from 'vitest';
import { suggest } from '../../../src/text/suggest.ts';

const KEYS = [
  'server',
  'management',
  'freshFor',
  'maxFreshFor',
  'ci',
  'url',
  'tokenEnv',
  'passwordFile',
  'registries',
];

it.each([
  ['freshfor', 'freshFor'],
  ['fresh_for', 'freshFor'],
  ['max-fresh-for', 'maxFreshFor'],
  ['sever', 'server'],
  ['tokenEvn', 'tokenEnv'],
  ['cii', 'ci'],
  ['uri', 'url'],
  ['severr', 'server'],
  ['rul', 'url'],
  ['registry', 'registries'],
  ['Registeries', 'registries'],
])('%s was probably meant as %s', (found, meant) => {
  expect(suggest(found, KEYS)).toBe(meant);
});

it.each(['token', 'password', 'image', 'x'.repeat(65), 'projects'])('%s is no typing mistake', (found) => {
  expect(suggest(found, KEYS)).toBeUndefined();
});

it('knows nothing when there is nothing to know', () => {
  expect(suggest('a', [])).toBeUndefined();
});
