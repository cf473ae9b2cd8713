import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema, configSchema } from '../../../src/config/schema.ts';
import { documentWith } from '../../fixtures/config/configurations.ts';

const EXAMPLE = readFileSync(new URL('../../../greenpin.example.yaml', import.meta.url), 'utf8');
const schema = configJsonSchema();
const validate = new Ajv2020({ strict: true, allErrors: true, strictRequired: false }).compile(schema);

interface SchemaNode {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly [keyword: string]: unknown;
}

/** Every key that the schema documents, with its path. */
function documentedKeys(node: unknown, path: string): [string, SchemaNode][] {
  if (typeof node !== 'object' || node === null) return [];
  const { properties = {}, ...keywords } = node as SchemaNode;
  const own = Object.entries(properties).flatMap(([key, property]) =>
    documentedKeys(property, `${path}.${key}`).concat([[`${path}.${key}`, property]]),
  );
  return own.concat(Object.values(keywords).flatMap((value) => documentedKeys(value, `${path}.*`)));
}

describe('the printed schema', () => {
  it('is JSON Schema 2020-12, with a title and without an $id that does not resolve', () => {
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Greenpin configuration',
    });
    expect(schema).not.toHaveProperty('$id');
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });

  it('documents every key', () => {
    const keys = documentedKeys(schema, '');
    expect(keys.length).toBeGreaterThan(40);
    expect(keys.filter(([, { description = '' }]) => description.length < 15).map(([key]) => key)).toEqual(
      [],
    );
  });

  it('names the defaults and lets them be left out', () => {
    expect(schema).toMatchObject({
      required: ['projects'],
      properties: {
        server: { properties: { port: { default: 4355 }, deadline: { default: '20s' } } },
        freshFor: { default: '15s' },
        projects: {
          additionalProperties: {
            required: ['repository', 'images'],
            properties: { forks: { default: false }, lookback: { default: 5 } },
          },
        },
      },
    });
  });

  it('has examples that are valid', () => {
    for (const [key, { examples, ...node }] of documentedKeys(schema, '')) {
      if (!Array.isArray(examples)) continue;
      const { description: _, title: __, default: ___, ...keywords } = node;
      const check = new Ajv2020({ strict: false }).compile(keywords);
      expect([key, examples.filter((example) => !check(example))]).toEqual([key, []]);
    }
  });
});

/** What the check at the start and a reader of the printed schema say of a document. */
function judge(document: unknown): { byUs: boolean; bySchema: boolean } {
  return { byUs: configSchema.safeParse(document).success, bySchema: validate(document) };
}

const NAMES_OF_KIND: ReadonlySet<unknown> = new Set(['repository', 'workflows', 'events']);

/** The schema accepts the names of every kind; only the check at the start knows a project's kind. */
function isRefusedByKindOnly(document: unknown): boolean {
  const issues = configSchema.safeParse(document).error?.issues ?? [];
  return (
    issues.length > 0 &&
    issues.every(({ path: [root, , key] }) => root === 'projects' && NAMES_OF_KIND.has(key))
  );
}

describe('the printed schema and the check at the start agree', () => {
  it('on the example', () => {
    expect(judge(parse(EXAMPLE))).toEqual({ byUs: true, bySchema: true });
  });

  const image = 'projects.shop.images.front';
  it.each([
    { server: {} },
    { server: { tokenFile: './token', port: 0, host: '::1' } },
    { server: { tokenEnv: 'PLUGIN_TOKEN', deadline: '1.5s' } },
    { management: { port: 1 } },
    { store: { kind: 'memory' } },
    { store: { kind: 'sqlite' } },
    { store: { kind: 'sqlite', path: '/var/lib/greenpin.db', forgetAfter: '30d' } },
    { store: { kind: 'redis', url: 'redis://redis:6379', passwordFile: '/run/password' } },
    { 'connections.gh.url': 'http://127.0.0.1:8080/api' },
    { 'connections.gh.app': { id: 1, installationId: '2', privateKeyFile: 'key.pem' } },
    { registries: {} },
    { registries: { 'ghcr.io': { username: 'a', passwordFile: '/x' }, 'x:5000': { http: false } } },
    { registries: { 'ghcr.io': { username: 'a', passwordEnv: 'X' } } },
    { registries: { 'x:5000': { caFile: 'ca.pem', certFile: 'tls.crt', keyFile: 'tls.key' } } },
    { 'connections.gh.caFile': '/etc/ca.pem' },
    { registries: { 'public.ecr.aws': { identity: 'aws', roleArn: 'arn:aws:iam::123456789012:role/x' } } },
    { registries: { 'gcr.io': { identity: 'google', credentialsFile: 'x' } } },
    { registries: { 'x.azurecr.io': { identity: 'azure', caFile: 'x' } } },
    { dockerConfigFiles: [] },
    { [image]: { reference: 'x:1', platform: 'linux/arm64', onMissing: 'previous', revision: 'ignore' } },
    { [image]: { reference: 'x:1', handOut: 'mirror.local/acme/shop_back' } },
    { [image]: { reference: 'x:1', handOut: 'localhost/x' } },
    { [image]: { reference: 'x:1', handOut: '[::1]:5000/x' } },
    { [image]: { reference: 'x:1', 'x-a': 1 } },
    { 'x-a': null, server: { 'x-a': 1 }, management: { 'x-': {} }, store: { kind: 'memory', 'x-a': [] } },
    { 'connections.gh.x-a': 1, registries: { 'ghcr.io': { 'x-a': 1 } }, 'projects.shop.x-a': 1 },
    { 'projects.shop.workflows': ['.github/workflows/a b.yaml'] },
  ])('that %j is valid', (changes) => {
    expect(judge(documentWith(changes))).toEqual({ byUs: true, bySchema: true });
  });

  it.each([
    { connections: undefined },
    { projects: undefined },
    { connections: {} },
    { projects: {} },
    { freshfor: '15s' },
    { freshFor: 15 },
    { freshFor: '15 s' },
    { server: null },
    { 'server.port': 65_536 },
    { 'server.port': 1.5 },
    { server: { tokenFile: '/x', tokenEnv: 'X' } },
    { 'server.tokenFile': `ghp_${'a1'.repeat(18)}` },
    { 'server.tokenEnv': 'NOT-A-NAME' },
    { store: { kind: 'sqlite', path: '' } },
    { store: { kind: 'sqlite', url: 'redis://redis' } },
    { store: { path: 'x' } },
    { store: { kind: 'redis' } },
    { store: { kind: 'redis', url: 'redis://:hunter2@redis' } },
    { store: { kind: 'redis', url: 'redis://redis', passwordFile: '/x', passwordEnv: 'X' } },
    { store: { kind: 'memory', path: 'x' } },
    { 'connections.gh.kind': 'teamcity' },
    { 'connections.gh.url': 'http://github.example.com' },
    { 'connections.gh.url': 'https://github.com' },
    {
      'connections.gh': {
        kind: 'github',
        tokenEnv: 'X',
        app: { id: 1, installationId: 2, privateKeyFile: 'x' },
      },
    },
    { 'connections.gh': { kind: 'github', tokenEnv: 'X', tokenFile: 'x' } },
    { 'connections.gh.app': { id: 0, installationId: 2, privateKeyFile: 'x' } },
    { 'connections.gh.app': { id: 'x', installationId: 2, privateKeyFile: 'x' } },
    { 'connections.gh.app': { id: 1, installationId: 2 } },
    { registries: { 'https://ghcr.io': {} } },
    { registries: { 'ghcr.io': { username: 'a' } } },
    { registries: { 'ghcr.io': { passwordEnv: 'X' } } },
    { registries: { 'ghcr.io': { username: 'a', passwordEnv: 'X', passwordFile: '/x' } } },
    { registries: { 'ghcr.io': { certFile: '/x' } } },
    { registries: { 'ghcr.io': { keyFile: '/x' } } },
    { registries: { 'ghcr.io': { caFile: '-----BEGIN CERTIFICATE-----' } } },
    { 'connections.gh.keyFile': '/x' },
    { registries: { 'x.azurecr.io': { identity: 'gcp' } } },
    { registries: { 'x.azurecr.io': { identity: 'azure', http: false } } },
    { registries: { 'x.azurecr.io': { identity: 'azure', username: 'a', passwordEnv: 'X' } } },
    { registries: { 'x.azurecr.io': { identity: 'azure', roleArn: 'arn:aws:iam::123456789012:role/x' } } },
    { registries: { 'public.ecr.aws': { roleArn: 'arn:aws:iam::123456789012:role/x' } } },
    { registries: { 'public.ecr.aws': { identity: 'aws', roleArn: 'x' } } },
    { registries: { 'gcr.io': { credentialsFile: 'x' } } },
    { dockerConfigFiles: '/x' },
    { 'projects.shop.images': {} },
    { 'projects.shop.images': { 'front-': 'x:1' } },
    { [image]: 5 },
    { [image]: {} },
    { [image]: { reference: 'x:1', revision: 'always' } },
    { [image]: { reference: 'x:1', handOut: 'acme/shop' } },
    { [image]: { reference: 'x:1', handOut: 'mirror.local/acme/shop:1' } },
    { [image]: { reference: 'x:1', handOut: 'mirror.local' } },
    { [image]: { 'x-a': 1 } },
    { 'X-a': 1 },
    { xa: 1 },
    { 'connections.x-a': 1 },
    { 'projects.shop.images.x-a': 1 },
    { 'projects.shop.repository': 'https://github.com/acme/shop' },
    { 'projects.shop.workflows': [] },
    { 'projects.shop.events': ['pull-request'] },
    { 'projects.shop.lookback': 0 },
    { 'projects.shop.forks': 'no' },
  ])('that %j is not', (changes) => {
    expect(judge(documentWith(changes))).toEqual({ byUs: false, bySchema: false });
  });

  it('unless only the check knows which names the kind of connection has', () => {
    const document = documentWith({ 'projects.shop.workflows': ['build.yml'] });
    expect(judge(document)).toEqual({ byUs: false, bySchema: true });
    expect(isRefusedByKindOnly(document)).toBe(true);
  });

  it('on any change of the example', () => {
    const values = fc.oneof(
      fc.constantFrom<unknown>(null, true, 0, 5, 1e20, '', 'x', '15s', 'x:1', [], {}, ['push'], {
        kind: 'github',
      }),
      fc.constantFrom<unknown>(
        'https://x',
        'http://localhost',
        'acme/shop',
        { reference: 'x' },
        { username: 'a' },
      ),
      fc.string(),
    );
    const change = fc.tuple(fc.nat(), fc.constantFrom('set', 'remove', 'add extra', 'add x-extra'), values);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const document: unknown = parse(EXAMPLE);
        for (const [where, how, value] of changes) mutate(document, where, how, structuredClone(value));
        const { byUs, bySchema } = judge(document);
        expect(bySchema === byUs || isRefusedByKindOnly(document)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

/** Puts a value somewhere into the document, takes one out, or adds a key. */
function mutate(document: unknown, where: number, how: string, value: unknown): void {
  const places = placesIn(document);
  const place = places[where % places.length];
  if (place === undefined) return;
  if (how === 'set') Reflect.set(place.holder, place.key, value);
  else if (how.startsWith('add '))
    Reflect.set(place.holder, Array.isArray(place.holder) ? place.holder.length : how.slice(4), value);
  else if (Array.isArray(place.holder)) place.holder.pop();
  else Reflect.deleteProperty(place.holder, place.key);
}

function placesIn(value: unknown): { holder: object; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [{ holder: value, key }].concat(placesIn(inner)));
}
