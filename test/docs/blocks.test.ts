/** Every YAML and JSON block is valid: a configuration, values of the chart, a workflow or an example. */
import { Ajv } from 'ajv';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { loadCommandConfig, type CommandContext } from '../../src/cli/context.ts';
import { readConfigSchema } from './json-schema.ts';
import { readPages, ROOT, type Block } from './pages.ts';

type Mapping = Readonly<Record<string, unknown>>;

const blocks = readPages().flatMap((page) => page.blocks);
const folder = mkdtempSync(join(tmpdir(), 'greenpin-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CONFIG_KEYS = Object.keys(readConfigSchema().properties ?? {});
/** What a fragment needs around it. */
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
].flatMap((name) => parseAll(readFileSync(join(ROOT, 'docs/examples', name), 'utf8')));

function parseAll(text: string): unknown[] {
  return parseAllDocuments(text).map((document) => document.toJS() as unknown);
}

/** A configuration, whole or in part; the variables that it names are set. */
function checkConfig(part: Mapping): void {
  const text = stringify({ ...BASE, ...part });
  const names = [...text.matchAll(/Env: (\w+)/g)].map(([, name = '']) => [name, 'secret']);
  const file = join(folder, 'greenpin.yaml');
  writeFileSync(file, text);
  const context = { env: { ...Object.fromEntries(names), HOME: '/root' } };
  expect(() => loadCommandConfig({ config: file }, context as unknown as CommandContext)).not.toThrow();
}

const chartFile = (name: string) => readFileSync(join(ROOT, 'charts/greenpin', name), 'utf8');
const VALUES_KEYS = Object.keys(parse(chartFile('values.yaml')) as Mapping);
const acceptsValues = new Ajv({ strict: false, allErrors: true }).compile(
  JSON.parse(chartFile('values.schema.json')) as object,
);

function checkValues({ config = {}, ...values }: Mapping): void {
  const complete = { ...values, config: { ...BASE, ...(config as Mapping) } };
  acceptsValues(complete);
  expect(acceptsValues.errors ?? []).toEqual([]);
  checkConfig(config as Mapping);
}

/** Is it an object of one of the examples, which Argo CD's own controller has tried? */
function checkManifest(text: string): void {
  for (const manifest of parseAll(text) as { kind: string; spec?: { source?: { helm?: Mapping } } }[]) {
    const values = manifest.spec?.source?.helm?.['valuesObject'];
    if (manifest.kind === 'Application' && values !== undefined) checkValues(values as Mapping);
    else expect(EXAMPLES).toContainEqual(manifest);
  }
}

/** Generators of an ApplicationSet: parts of an example's matrix. */
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

/** @returns how a block is checked, or undefined if nothing knows what it is */
function selectCheck(text: string): (() => void) | undefined {
  const content = parseAll(text)[0] as Mapping;
  if (Array.isArray(content)) return () => checkGenerators(content);
  const keys = Object.keys(content).filter((key) => !key.startsWith('x-'));
  if (keys.includes('apiVersion')) return () => checkManifest(text);
  if (keys.includes('jobs')) return () => checkWorkflow(text);
  // `server` and the like are keys of the configuration only, `config` of the values only.
  if (keys.every((key) => CONFIG_KEYS.includes(key))) return () => checkConfig(content);
  if (keys.every((key) => VALUES_KEYS.includes(key))) return () => checkValues(content);
  // A part of Chart.yaml, held by the tests of the chart.
  if (keys.join() === 'dependencies') return () => undefined;
  return undefined;
}

function inLanguage(...languages: readonly string[]): Block[] {
  return blocks.filter(({ language }) => languages.includes(language));
}

describe('YAML', () => {
  it.for(inLanguage('yaml'))('$place', ({ text }) => {
    const check = selectCheck(text);
    expect(check, 'a configuration, values, a workflow or an example').toBeDefined();
    check?.();
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
