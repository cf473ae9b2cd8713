/** Greenpin's own JSON Schema as the part `config` of the chart's: in draft 7 and Go's regular expressions, which every helm understands. */
import { configJsonSchema } from '../../src/config/schema.ts';
import { toHelmPattern } from './helm-pattern.ts';
import { namesASecret } from './secret-patterns.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** @returns the schema; what is missing altogether, and secrets that were pasted, are left to the templates, which say so in one line */
export function configPart(): Schema {
  const { $schema: _draft, required: _required, ...schema } = translate(configJsonSchema()) as Schema;
  return schema;
}

function translate(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(translate);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).flatMap(([key, value]) => translateEntry(key, value));
  return Object.fromEntries(entries);
}

function translateEntry(key: string, value: unknown): [string, unknown][] {
  // A property that happens to be called pattern would be a mapping.
  if (key === 'pattern' && typeof value === 'string') return Object.entries(toHelmPattern(value));
  // Its name before draft 2019-09.
  if (key === 'dependentSchemas') return [['dependencies', translate(value)]];
  if (key === 'examples' || key === 'default') return [[key, value]];
  // Helm would show what does not fit, and that may be a secret.
  if (namesASecret(key, value)) return [[key, translate({ ...value, pattern: undefined })]];
  return [[key, translate(value)]];
}
