/**
 * Translates Greenpin's JSON Schema for the key `config` of the chart: draft 7 and Go's regular expressions,
 * which every helm knows.
 */
import { configJsonSchema } from '../../src/config/schema.ts';
import { toHelmPattern } from './helm-pattern.ts';
import { namesASecret } from './secret-patterns.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** @returns the schema without what the templates report in one line: required keys, and rules for secrets */
export function configPart(): Schema {
  const {
    $schema: _draft,
    required: _required,
    allOf: _rules,
    ...schema
  } = translate(configJsonSchema()) as Schema;
  return schema;
}

function translate(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(translate);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).flatMap(([key, value]) => translateEntry(key, value));
  return Object.fromEntries(entries);
}

function translateEntry(key: string, value: unknown): [string, unknown][] {
  // A property named `pattern` would be a mapping.
  if (key === 'pattern' && typeof value === 'string') return Object.entries(toHelmPattern(value));
  // The keyword's name before draft 2019-09.
  if (key === 'dependentSchemas') return [['dependencies', translate(value)]];
  if (key === 'examples' || key === 'default') return [[key, value]];
  // Helm prints a value that does not match, which may be a secret.
  if (namesASecret(key, value)) return [[key, translate({ ...value, pattern: undefined })]];
  return [[key, translate(value)]];
}
