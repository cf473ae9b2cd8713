/** Loads configurations from text. */
import { parseDocument } from 'yaml';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/errors.ts';

const FILE = 'deploy/greenpin.yaml';

export function load(text: string, env: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({ file: FILE, readFile: () => text, env });
}

/** @returns the lines, without the file's name; none if the configuration is accepted */
export function problemsOf(text: string, env: Readonly<Record<string, string>> = {}): string[] {
  try {
    load(text, env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((line) => line.replace(`${FILE}:`, ''));
  }
}

export const CI = 'connections: {gh: {kind: github}}';
export const PROJECTS = "projects: {shop: {repository: acme/shop, images: {front: 'x:{commit}'}}}";

/** @param third what stands in the third line, after connections and projects that are all right */
export function refusals(third: string, env: Readonly<Record<string, string>> = {}): string[] {
  return problemsOf([CI, PROJECTS, third].join('\n'), env);
}

/** @param project what stands in the project, in its third line */
export function projectRefusals(project: string): string[] {
  const images = project.startsWith('images:') ? '' : "\n    images: {front: 'x:{commit}'}";
  const repository = project.startsWith('repository:') ? '' : '\n    repository: acme/shop';
  return problemsOf(`${CI}\nprojects:\n  shop:\n    ${project}${repository}${images}`);
}

/** @param connection what stands in the connection, in the third line */
export function connectionRefusals(connection: string, env: Readonly<Record<string, string>> = {}): string[] {
  return problemsOf(`connections:\n  gh:\n    {kind: github, ${connection}}\n${PROJECTS}`, env);
}

/** One configuration that is all right, with values put in or (undefined) taken out: `{'projects.shop.lookback': 0}`. */
export function documentWith(changes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const document = parseDocument(VALID);
  for (const [path, value] of Object.entries(changes)) {
    if (value === undefined) document.deleteIn(path.split('.'));
    else document.setIn(path.split('.'), document.createNode(value));
  }
  return document.toJS() as Record<string, unknown>;
}

const VALID = `
connections: {gh: {kind: github}}
projects: {shop: {repository: acme/shop, images: {front: 'ghcr.io/acme/front:{commit}'}}}
`;
