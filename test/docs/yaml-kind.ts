/** Classifies the YAML blocks of pages by their keys. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { readConfigSchema } from './json-schema.ts';
import { ROOT } from './pages.ts';

export type YamlKind =
  /** greenpin.yaml or a part of it. */
  | 'configuration'
  /** Values of the chart. */
  | 'values'
  /** Objects of Kubernetes. */
  | 'manifests'
  /** A list of an ApplicationSet's generators. */
  | 'generators'
  /** A workflow of GitHub Actions. */
  | 'workflow'
  /** A part of Chart.yaml. */
  | 'dependencies';

const CONFIG_KEYS = Object.keys(readConfigSchema().properties ?? {});
const VALUES_KEYS = Object.keys(
  parse(readFileSync(join(ROOT, 'charts/greenpin/values.yaml'), 'utf8')) as object,
);

export function parseDocuments(text: string): unknown[] {
  return parseAllDocuments(text).map((document) => document.toJS() as unknown);
}

/** @returns undefined for a block that the documentation must not contain */
export function selectYamlKind(text: string): YamlKind | undefined {
  const [content] = parseDocuments(text);
  if (Array.isArray(content)) return 'generators';
  const keys = Object.keys(content as object).filter((key) => !key.startsWith('x-'));
  if (keys.includes('apiVersion')) return 'manifests';
  if (keys.includes('jobs')) return 'workflow';
  if (keys.every((key) => CONFIG_KEYS.includes(key))) return 'configuration';
  if (keys.every((key) => VALUES_KEYS.includes(key))) return 'values';
  return keys.join() === 'dependencies' ? 'dependencies' : undefined;
}
