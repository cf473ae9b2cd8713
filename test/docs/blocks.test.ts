/** Every YAML and JSON block is valid: a configuration, values of the chart, a workflow or an example. */
import { Ajv } from 'ajv';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/errors.ts';
import { readPages, ROOT, type Block } from './pages.ts';
import { parseDocuments, selectYamlKind, type YamlKind } from './yaml-kind.ts';

type Mapping = Readonly<Record<string, unknown>>;

const blocks = readPages().flatMap((page) => page.blocks);
const folder = mkdtempSync(join(tmpdir(), 'greenpin-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Completes a fragment. */
const BASE = {
  connections: { github: { kind: 'github', tokenEnv: 'GITHUB_TOKEN' } },
  projects: { shop: { repository: 'acme/shop', images: { front: 'ghcr.io/acme/front:sha-{commit}' } } },
};
const EXAMPLES = [
  'previews.yaml',
  'previews-plain.yaml',
  'long-lived-branches.yaml',
  'documented.yaml',
  'previews-of-several-services.yaml',
  'previews-of-front-and-back.yaml',
  'plugin.yaml',
].flatMap((name) => parseDocuments(readFileSync(join(ROOT, 'docs/examples', name), 'utf8')));

/** Loads a configuration, whole or in part; the variables that it names are set. @returns the problems */
function findConfigProblems(part: Mapping): readonly string[] {
  const text = stringify({ ...BASE, ...part });
  const names = [...text.matchAll(/Env: (\w+)/g)].map(([, name = '']) => [name, 'secret']);
  const env = { ...Object.fromEntries(names), HOME: '/root' };
  try {
    loadConfig({ file: 'greenpin.yaml', readFile: () => text, env });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** @param note `refused: PATH`: what the example shows does not exist, so exactly this key must be refused */
function checkConfig(part: Mapping, note?: string): void {
  const [, refused] = /^refused: (\S+)$/.exec(note ?? '') ?? [];
  const problems = findConfigProblems(part);
  expect(problems).toEqual(refused === undefined ? [] : [expect.stringContaining(` ${refused}: `)]);
}

const acceptsValues = new Ajv({ strict: false, allErrors: true }).compile(
  JSON.parse(readFileSync(join(ROOT, 'charts/greenpin/values.schema.json'), 'utf8')) as object,
);

function checkValues({ config = {}, ...values }: Mapping): void {
  const complete = { ...values, config: { ...BASE, ...(config as Mapping) } };
  acceptsValues(complete);
  expect(acceptsValues.errors ?? []).toEqual([]);
  checkConfig(config as Mapping);
}

/**
 * Checks that an object is in one of the examples, which `npm run test:argocd` runs with Argo CD's own
 * controller.
 */
function checkManifest(text: string): void {
  for (const manifest of parseDocuments(text) as { kind: string; spec?: { source?: { helm?: Mapping } } }[]) {
    const values = manifest.spec?.source?.helm?.['valuesObject'];
    if (manifest.kind === 'Application' && values !== undefined) checkValues(values as Mapping);
    else expect(EXAMPLES).toContainEqual(manifest);
  }
}

/** Checks that generators are part of an example's matrix. */
function checkGenerators(generators: readonly unknown[]): void {
  const sets = EXAMPLES as { spec?: { generators?: { matrix?: { generators: unknown[] } }[] } }[];
  const known = sets
    .flatMap(({ spec }) => spec?.generators ?? [])
    .flatMap(({ matrix }) => matrix?.generators ?? []);
  for (const generator of generators) expect(known).toContainEqual(generator);
}

function checkWorkflow(text: string): void {
  const actionlint = inject('actionlint');
  if (!actionlint.available) return;
  const file = join(folder, 'workflow.yml');
  writeFileSync(file, text);
  execFileSync(actionlint.command, ['-shellcheck=', '-pyflakes=', file]);
}

const CHECKS: Readonly<Record<YamlKind, (text: string, note?: string) => void>> = {
  configuration: (text, note) => checkConfig(parseDocuments(text)[0] as Mapping, note),
  values: (text) => checkValues(parseDocuments(text)[0] as Mapping),
  manifests: checkManifest,
  generators: (text) => checkGenerators(parseDocuments(text)[0] as readonly unknown[]),
  workflow: checkWorkflow,
  dependencies: () => undefined, // see the chart's tests
};

function inLanguage(...languages: readonly string[]): Block[] {
  return blocks.filter(({ language }) => languages.includes(language));
}

describe('YAML', () => {
  it.for(inLanguage('yaml'))('$place', ({ text, note }) => {
    const kind = selectYamlKind(text);
    expect(kind, 'what kind of YAML it is').toBeDefined();
    if (kind !== undefined) CHECKS[kind](text, note);
  });
});

describe('JSON', () => {
  it.for(inLanguage('json'))('$place', ({ text }) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });
});

it('every block has a language that is checked, or is plain text', () => {
  const known = new Set(['yaml', 'json', 'sh', 'text', 'ts', 'mermaid', 'promql']);
  expect(blocks.filter(({ language }) => !known.has(language)).map(({ place }) => place)).toEqual([]);
});
