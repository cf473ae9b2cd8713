/**
 * What a schema can't say: references between sections, limits of durations, variables of the environment. Rules read the document
 * as it was written and pass over what the schema has refused already, so that all problems are reported at once.
 */
import { CLOUD_HOSTS, CLOUDS, parseCloudHost } from '../registry/credentials/cloud/hosts.ts';
import { parseDuration } from '../schema/duration.ts';
import { findImageProblems, type ImageParsers } from './image-rules.ts';
import { findNearest } from '../text/nearest.ts';
import { type Problem } from './problem.ts';
import { ENVIRONMENT_NAME_PATTERN, exportCommand, showVariable } from '../text/secret-like.ts';
import { isMapping, valueAt, type DocumentPath, describeFound } from '../text/document-path.ts';

/** Variables of the process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** @param document the parsed file, of any shape */
export function findContradictions(
  document: unknown,
  parsers: ImageParsers,
  environment: Environment,
): Problem[] {
  return [
    ...findAddressProblems(document),
    ...findDurationProblems(document),
    ...findVariableProblems(document, environment),
    ...findHomeProblems(document, environment),
    ...findConnectionProblems(document),
    ...findIdentityProblems(document),
    ...findImageProblems(document, parsers),
  ];
}

const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);

function findAddressProblems(document: unknown): Problem[] {
  const read = (path: DocumentPath, fallback: unknown) => valueAt(document, path) ?? fallback;
  const path = ['management', 'port'];
  const port = read(path, 9464);
  const hosts = [read(['server', 'host'], '::'), read(['management', 'host'], '::')];
  const overlap = hosts[0] === hosts[1] || hosts.some((host) => EVERY_ADDRESS.has(String(host)));
  if (port === 0 || port !== read(['server', 'port'], 4355) || !overlap) return [];
  return [{ path, text: `found ${String(port)}, the server's own port, expected another one` }];
}

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

function findDurationProblems(document: unknown): Problem[] {
  const problem = (key: DocumentPath, expected: string) => ({
    path: key,
    text: `found ${describeFound(key, valueAt(document, key))}, expected ${expected}`,
  });
  const deadline = durationAt(document, ['server', 'deadline'], '20s');
  // The default gives way to a shorter deadline.
  const patience = durationAt(document, ['server', 'patience'], '0s');
  const freshFor = durationAt(document, ['freshFor'], '15s');
  const maxFreshFor = durationAt(document, ['maxFreshFor'], '5m');
  const forgetAfter = durationAt(document, ['store', 'forgetAfter'], '30d');
  const longest = Math.min(maxFreshFor, 24 * HOUR);
  return [
    ...(deadline < SECOND || deadline > HOUR ? [problem(['server', 'deadline'], 'from 1s to 1h')] : []),
    ...(patience > deadline
      ? [problem(['server', 'patience'], `at most server.deadline (${deadlineText(document)})`)]
      : []),
    ...(forgetAfter < 24 * HOUR ? [problem(['store', 'forgetAfter'], 'at least 1d')] : []),
    ...(maxFreshFor > 24 * HOUR ? [problem(['maxFreshFor'], 'at most 24h')] : []),
    ...(freshFor > longest ? [problem(['freshFor'], 'at most maxFreshFor (5m unless given)')] : []),
  ];
}

function deadlineText(document: unknown): string {
  const given = valueAt(document, ['server', 'deadline']);
  return typeof given === 'string' ? given : '20s unless given';
}

/** @returns milliseconds; NaN, which is neither below nor above any limit, when it is no duration */
function durationAt(document: unknown, path: DocumentPath, fallback: string): number {
  const value = valueAt(document, path);
  if (value !== undefined && typeof value !== 'string') return NaN;
  try {
    return parseDuration(value ?? fallback);
  } catch {
    return NaN;
  }
}

function findVariableProblems(document: unknown, environment: Environment): Problem[] {
  const paths: DocumentPath[] = [
    ['server', 'tokenEnv'],
    ['store', 'passwordEnv'],
    ...keysAt(document, ['connections']).map((name) => ['connections', name, 'tokenEnv']),
    ...keysAt(document, ['registries']).map((host) => ['registries', host, 'passwordEnv']),
  ];
  return paths.flatMap((path) => {
    const name = valueAt(document, path);
    if (typeof name !== 'string' || !ENVIRONMENT_NAME_PATTERN.test(name)) return [];
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (value !== undefined && value.trim() !== '') return [];
    const state = value === undefined ? 'not set' : 'empty';
    const found = `${showVariable(name)} that is ${state}`;
    const text = `found ${found}, expected a variable that holds the secret (${exportCommand(name)})`;
    return [{ path, text }];
  });
}

/** In a container without HOME `~` would be a folder's name. */
function findHomeProblems(document: unknown, { HOME }: Environment): Problem[] {
  const files = valueAt(document, ['dockerConfigFiles']);
  if (!Array.isArray(files) || HOME) return [];
  return files.flatMap((file: unknown, i) => {
    if (typeof file !== 'string' || !/^~(?:\/|$)/.test(file)) return [];
    const path = ['dockerConfigFiles', i];
    const found = `found ${describeFound(path, file)} while HOME is not set`;
    return [{ path, text: `${found}, expected a path without ~` }];
  });
}

/** A project's connection may be left out when there is one only. */
function findConnectionProblems(document: unknown): Problem[] {
  const names = keysAt(document, ['connections']);
  if (names.length === 0) return [];
  return keysAt(document, ['projects']).flatMap((project) => {
    const path = ['projects', project, 'ci'];
    const found = valueAt(document, path);
    const known = typeof found === 'string' && names.includes(found);
    const wrongKind = found !== undefined && typeof found !== 'string';
    const only = found === undefined && names.length === 1;
    if (known || wrongKind || only || !isMapping(valueAt(document, ['projects', project]))) return [];
    const nearest = found === undefined ? undefined : findNearest(found, names);
    const suggestion = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    const expected = `one of the connections (${names.join(', ')})${suggestion}`;
    return [{ path, text: `found ${describeFound(path, found)}, expected ${expected}` }];
  });
}

/** An identity's token must not go to a host that is none of its cloud's. */
function findIdentityProblems(document: unknown): Problem[] {
  return keysAt(document, ['registries']).flatMap((host) => {
    const path = ['registries', host, 'identity'];
    const found = CLOUDS.find((cloud) => cloud === valueAt(document, path));
    const actual = parseCloudHost(host)?.cloud;
    if (found === undefined || found === actual) return [];
    const expected =
      actual === undefined
        ? `a host like ${CLOUD_HOSTS[found]}, or a username and a password for this one`
        : `${actual} for this host`;
    return [{ path, text: `found ${found}, expected ${expected}` }];
  });
}

function keysAt(document: unknown, path: DocumentPath): string[] {
  const value = valueAt(document, path);
  return isMapping(value) ? Object.keys(value) : [];
}
