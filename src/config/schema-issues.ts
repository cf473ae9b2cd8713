/** Translates the issues of the schema into problems for people. */
import type { z } from 'zod';
import { presentName } from '../schema/unknown-key.ts';
import { isMapping, valueAt, type DocumentPath, describeFound } from '../text/document-path.ts';

/** A problem in the configuration file. It shows the value only if that cannot be a secret. */
export interface Problem {
  readonly path: DocumentPath;
  /** `found …, expected …`, on one line. */
  readonly text: string;
}

/** The names of YAML nodes in messages. */
const STRUCTURES = new Map([
  ['object', 'a mapping'],
  ['record', 'a mapping'],
  ['boolean', 'true or false'],
]);

/** Examples for sections in which a list or a word was found. A space separates the steps of a path. */
const EXAMPLES: readonly (readonly [path: RegExp, example: string])[] = [
  [/^$/, ' with connections and projects'],
  [/^connections$/, ', for example connections: {github: {kind: github, tokenEnv: GITHUB_TOKEN}}'],
  [/^registries$/, ', for example registries: {ghcr.io: {username: bot, passwordEnv: GHCR_PASSWORD}}'],
  [/^projects$/, ", for example projects: {shop: {repository: acme/shop, images: {front: '...'}}}"],
  [/^projects \S+$/, ", for example shop: {repository: acme/shop, images: {front: '...'}}"],
  [/^projects \S+ images$/, ", for example images: {front: 'ghcr.io/acme/front:{commit}'}"],
];

/** @param document the document that the issues refer to */
export function describeIssues(issues: readonly z.core.$ZodIssue[], document: unknown): Problem[] {
  return issues.flatMap((issue) => describeIssue(issue, document, []));
}

function describeIssue(issue: z.core.$ZodIssue, document: unknown, parent: DocumentPath): Problem[] {
  const path = [...parent, ...issue.path.filter((step) => typeof step !== 'symbol')];
  const value = valueAt(document, path);
  const found = (expected: string) => ({
    path,
    text: `found ${describeFound(path, value)}, expected ${expected}${describeMistake(path, value)}`,
  });
  if (value === undefined && isUnderFormerName(path, document)) return [];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const sentences = issue.message.split('\n');
      return issue.keys.map((key, i) => ({
        path: [...path, key],
        text: sentences[i] ?? 'found an unknown key',
      }));
    }
    case 'invalid_key': {
      const name = describeFound([], path.at(-1));
      return [{ path, text: `found the name ${name}, expected ${issue.issues[0]?.message}` }];
    }
    case 'custom':
      return [{ path, text: issue.message }];
    case 'invalid_union': {
      const meant = selectBranch(issue.errors);
      return meant?.flatMap((inner) => describeIssue(inner, document, path)) ?? [found(issue.message)];
    }
    case 'invalid_type':
      return [found(describeStructure(issue, path))];
    case 'invalid_format':
    case 'invalid_value':
    case 'invalid_element':
    case 'not_multiple_of':
    case 'too_big':
    case 'too_small':
      return [found(issue.message)];
  }
}

/** The key is present under a former name, which is reported separately. */
function isUnderFormerName(path: DocumentPath, document: unknown): boolean {
  const parent = valueAt(document, path.slice(0, -1));
  const [key] = path.slice(-1);
  return isMapping(parent) && Object.keys(parent).some((name) => presentName(name, [String(key)]) === key);
}

function describeStructure({ expected, message }: z.core.$ZodIssueInvalidType, path: DocumentPath): string {
  const structure = STRUCTURES.get(expected);
  if (structure !== 'a mapping') return structure ?? message;
  const at = path.map((step) => String(step).replaceAll(/\s/g, '_')).join(' ');
  const [, example] = EXAMPLES.find(([pattern]) => pattern.test(at)) ?? [];
  return `${structure}${example ?? ''}`;
}

/** Explains features that people expect of a configuration file but that YAML or Greenpin does not have. */
function describeMistake(path: DocumentPath, value: unknown): string {
  // Not for a value that is hidden: it may be a secret.
  const isShown = describeFound(path, value).startsWith('"');
  if (typeof value === 'string' && isShown && /\$\{|\$[A-Z_]{2}|\{\{/.test(value)) {
    return '; variables are not expanded in this file: write the value itself';
  }
  if (path.length === 0 && typeof value === 'string' && /^[\w.-]+\s*=/.test(value)) {
    return '; YAML is written KEY: VALUE, not KEY = VALUE';
  }
  const [only] = Array.isArray(value) && value.length === 1 ? (value as unknown[]) : [];
  return typeof only === 'string' && /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(only)
    ? '; an address in brackets is a list to YAML: write it in quotes, without the brackets'
    : '';
}

/** Selects the alternative that was probably meant: its issues are inside the value. */
function selectBranch(branches: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  return branches.find(
    (issues) => !issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0),
  );
}
