/** Generates the tables of the configuration reference from the JSON Schema. */
import { DURATION_PATTERN } from '../../src/schema/duration.ts';
import { ENVIRONMENT_NAME_PATTERN, SECRET_FILE_PATTERN } from '../../src/text/secret-patterns.ts';
import { findEntries, findMappings, type JsonSchema } from './json-schema.ts';

/** Names of formats. */
const FORMATS = new Map([
  [DURATION_PATTERN.source, 'duration'],
  [ENVIRONMENT_NAME_PATTERN.source, 'variable name'],
  [SECRET_FILE_PATTERN.source, 'path'],
]);

/** @returns Markdown: one section for each mapping of the configuration file, in the schema's order */
export function describeConfiguration(schema: JsonSchema): string {
  return describeMapping('', schema).join('\n\n');
}

/** @param path path of the mapping; empty for the file itself */
function describeMapping(path: string, schema: JsonSchema): string[] {
  const properties = Object.entries(schema.properties ?? {});
  const rows = properties.map(([key, value]) => describeKey(path, key, value, schema));
  const table = ['| key | type | default | description |', '| --- | --- | --- | --- |', ...rows];
  const below = properties.flatMap(([key, value]) => describeBelow(join(path, key), value));
  const level = path.split('.').length <= 2 ? '##' : '###';
  const heading = path === '' ? '## Top level' : `${level} ${nameSection(path, schema)}`;
  const description = schema.description === undefined ? [] : [markKeys(schema.description)];
  return [heading, ...description, ...describeRules(schema), table.join('\n'), ...below];
}

/** Sections for the value of a key: a mapping, named entries, or alternatives. */
function describeBelow(path: string, schema: JsonSchema): string[] {
  const entries = findEntries(schema);
  if (entries !== undefined) return describeBelow(join(path, nameEntry(path)), entries);
  return findMappings(schema).flatMap((mapping) => describeMapping(path, mapping));
}

/** Placeholder for the key of an entry. */
function nameEntry(path: string): string {
  return path === 'registries' ? 'HOST' : 'NAME';
}

function describeRules({ allOf = [] }: JsonSchema): string[] {
  return allOf.flatMap(({ description }) => (description === undefined ? [] : [markKeys(description)]));
}

function describeKey(path: string, key: string, schema: JsonSchema, parent: JsonSchema): string {
  const required = parent.required?.includes(key) === true && schema.default === undefined;
  const fallback = hasKeys(schema) || schema.default === undefined ? '' : code(flow(schema.default));
  const cells = [
    code(key),
    describeType(path, key, schema),
    required ? 'required' : fallback,
    explain(schema),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
}

function explain(schema: JsonSchema): string {
  const description = markKeys(schema.description ?? '');
  const { examples = [] } = schema;
  if (schema.default !== undefined || examples.length === 0 || hasKeys(schema)) return description;
  return `${description} Example: ${code(flow(examples[0]))}.`;
}

/** Keys and placeholders are code; descriptions are plain text, since the example file has them as well. */
function markKeys(text: string): string {
  if (text.includes('`')) return text;
  return text.replaceAll(/(?<![\w/.])(?:[a-z]+\.)?[a-z]+(?:[A-Z][a-z]+)+\b|\{[a-z_:0-9]+\}/g, code);
}

function hasKeys(schema: JsonSchema): boolean {
  return findEntries(schema) !== undefined || findMappings(schema).length > 0;
}

function describeType(path: string, key: string, schema: JsonSchema): string {
  const entries = findEntries(schema);
  if (entries !== undefined) return `mapping: ${link(join(join(path, key), nameEntry(key)), entries)}`;
  const format = FORMATS.get(schema.pattern ?? '');
  if (format !== undefined) return format;
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.length > 5 ? 'name' : schema.enum.map(code).join(', ');
  if (schema.items !== undefined) return `list of ${describeType(path, key, schema.items)}s`;
  if (findMappings(schema).length > 0) return link(join(path, key), schema);
  if (schema.anyOf !== undefined) return describeAlternatives(schema.anyOf);
  if (schema.minimum !== undefined && Number(schema.maximum) < Number.MAX_SAFE_INTEGER) {
    return `integer, ${schema.minimum} to ${schema.maximum}`;
  }
  return schema.type ?? 'any';
}

/** Where each kind of connection allows words of its own, only their type is the same. */
function describeAlternatives(alternatives: readonly JsonSchema[]): string {
  if (alternatives.every((each) => each.enum !== undefined)) return 'name';
  return [...new Set(alternatives.map(({ type }) => type))].join(' or ');
}

/** To the section about a mapping; if there is one for each kind, to all of them. */
function link(path: string, schema: JsonSchema): string {
  const [only = schema, ...others] = findMappings(schema);
  if (others.length === 0) return linkSection(code(path), nameSection(path, only));
  const kinds = [only, ...others].map((mapping) =>
    linkSection(code(mapping.properties?.['kind']?.const ?? ''), nameSection(path, mapping)),
  );
  return `${code(path)} of kind ${kinds.join(', ')}`;
}

/** By GitHub's anchor of the heading. */
function linkSection(text: string, heading: string): string {
  const anchor = heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
  return `[${text}](#${anchor})`;
}

function nameSection(path: string, { properties }: JsonSchema): string {
  const kind = properties?.['kind']?.const;
  return typeof kind === 'string' ? `${code(path)} of kind ${code(kind)}` : code(path);
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** Writes YAML's flow style, which is easier to read than JSON. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([key, each]) => `${key}: ${flow(each)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

function code(text: string): string {
  return `\`${text}\``;
}
