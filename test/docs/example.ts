/** Generates greenpin.example.yaml: every key of the configuration with its description from the schema. */
import { stringify } from 'yaml';
import { findEntries, findMappings, type JsonSchema } from './json-schema.ts';

/** Width of comments, indentation included. */
const WIDTH = 100;

const INTRODUCTION = `Greenpin's configuration. Copy it to greenpin.yaml and keep what you need: only connections and
projects have no defaults. greenpin check tests it, greenpin schema prints its JSON Schema. Values are
the defaults, or examples where there is no default; keys that are commented out are optional.
Durations: 500ms, 15s, 5m, 24h, 30d. Keys that begin with x- are ignored, a place for YAML anchors.`;

/** Values for keys without a default. The first entry of each mapping is explained key by key. */
const VALUES = {
  server: { tokenFile: '/var/run/argo/token' },
  store: { kind: 'sqlite', path: './greenpin.db' },
  connections: { github: { kind: 'github', tokenEnv: 'GITHUB_TOKEN' } },
  registries: {
    'ghcr.io': { username: 'bot', passwordFile: '/var/run/secrets/ghcr/password' },
    'registry.local:5000': { http: true },
    '123456789012.dkr.ecr.eu-central-1.amazonaws.com': { identity: 'aws' },
  },
  dockerConfigFiles: ['/var/run/secrets/registry/.dockerconfigjson'],
  projects: {
    shop: {
      repository: 'acme/shop',
      workflows: ['.github/workflows/build.yml'],
      images: {
        front: 'ghcr.io/acme/shop-front:sha-{commit}',
        back: { reference: 'ghcr.io/acme/shop-back:sha-{commit}', platform: 'linux/amd64' },
      },
    },
  },
};

/** @returns YAML */
export function createExample(schema: JsonSchema): string {
  const lines = [...comment(INTRODUCTION, ''), '', ...writeMapping(schema, VALUES, '')];
  return `${lines.join('\n')}\n`;
}

function writeMapping(schema: JsonSchema, values: Values, indent: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) =>
    comment(property.description ?? '', indent)
      .concat(writeKey(key, property, values[key], indent))
      // An empty line between sections.
      .concat(indent === '' ? [''] : []),
  );
}

function writeKey(key: string, schema: JsonSchema, value: unknown, indent: string): string[] {
  if (value === undefined && (schema.default === undefined || isOptionalMapping(schema))) {
    return [`${indent}# ${key}: ${flow(createSample(schema))}`];
  }
  const given = value ?? schema.default;
  const deeper = `${indent}  `;
  const entries = findEntries(schema);
  if (entries !== undefined) return [`${indent}${key}:`, ...writeEntries(entries, given, deeper)];
  const mapping = selectMapping(schema, given);
  if (mapping === undefined) return [`${indent}${key}: ${flow(given)}`];
  const others = findMappings(schema).filter((other) => other !== mapping && other.title !== mapping.title);
  return [
    `${indent}${key}:`,
    ...writeMapping(mapping, given as Values, deeper),
    ...others.map((other) => `${indent}# ${key}: ${flow(createSample(other))}`),
  ];
}

/** Explains the first entry that is a mapping, and writes the others on one line each. */
function writeEntries(schema: JsonSchema, entries: unknown, indent: string): string[] {
  let explained = false;
  return Object.entries(entries as Values).flatMap(([name, value]) => {
    const mapping = selectMapping(schema, value);
    if (mapping === undefined || explained) return [`${indent}${flow(name)}: ${flow(value)}`];
    explained = true;
    return [`${indent}${flow(name)}:`].concat(writeMapping(mapping, value as Values, `${indent}  `));
  });
}

/** The alternative that matches a value: the one with its `kind`, or the only one. */
function selectMapping(schema: JsonSchema, value: unknown): JsonSchema | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const mappings = findMappings(schema);
  const { kind } = value as Values;
  return mappings.find(({ properties }) => properties?.['kind']?.const === kind) ?? mappings[0];
}

/** Whether all its keys have defaults, so that it can be shown as a comment. */
function isOptionalMapping(schema: JsonSchema): boolean {
  return findEntries(schema) !== undefined;
}

/** A value for a commented key: an example, or a mapping of its keys' examples. */
function createSample({ examples, properties, const: constant, ...schema }: JsonSchema): unknown {
  if (constant !== undefined) return constant;
  if (examples?.[0] !== undefined) return examples[0];
  if (properties !== undefined) {
    const shown = Object.entries(properties).filter(
      ([key, { default: fallback }]) => fallback === undefined && !key.endsWith('Env'),
    );
    return Object.fromEntries(shown.map(([key, property]) => [key, createSample(property)]));
  }
  return schema.enum?.[0] ?? (schema.type === 'boolean' ? true : schema.default);
}

type Values = Readonly<Record<string, unknown>>;

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, singleQuote: true }).trimEnd();
}

function comment(text: string, indent: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = `${lines.at(-1) ?? `${indent}#`} ${word}`;
    if (lines.length > 0 && longer.length <= WIDTH) lines[lines.length - 1] = longer;
    else lines.push(`${indent}# ${word}`);
  }
  return lines;
}
