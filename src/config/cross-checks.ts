/**
 * Checks that a schema cannot express: references between sections, limits of durations, environment
 * variables. They read the document as written and ignore values that the schema rejects, so that all
 * problems are reported at once.
 */
import { CLOUD_HOSTS, CLOUDS, parseCloudHost } from '../registry/credentials/cloud/hosts.ts';
import { parseDuration } from '../schema/duration.ts';
import { asksNoCi, findBuildsProblems } from './builds.ts';
import { findImageProblems } from './image-rules.ts';
import { findStatusProblems } from './status-rules.ts';
import { suggest } from '../text/suggest.ts';
import type { Problem } from './schema-issues.ts';
import { ENVIRONMENT_NAME_PATTERN, exportCommand, showVariable } from '../text/secret-patterns.ts';
import { isMapping, valueAt, type DocumentPath, describeFound } from '../text/document-path.ts';

/** @param document the parsed file, of any shape */
export function crossCheck(document: unknown, environment: NodeJS.ProcessEnv): Problem[] {
  return [
    ...findAddressProblems(document),
    ...findDurationProblems(document),
    ...findHomeProblems(document, environment),
    ...findConnectionProblems(document),
    ...findBuildsProblems(document),
    ...findIdentityProblems(document),
    ...findImageProblems(document),
    ...findStatusProblems(document),
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
  return [{ path, text: `found ${String(port)}, the port of the server, expected another one` }];
}

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

function findDurationProblems(document: unknown): Problem[] {
  const deadline = durationAt(document, ['server', 'deadline'], '20s');
  // The default patience never exceeds the deadline.
  const patience = durationAt(document, ['server', 'patience'], '0s');
  const freshFor = durationAt(document, ['freshFor'], '15s');
  const maxFreshFor = durationAt(document, ['maxFreshFor'], '5m');
  const forgetAfter = durationAt(document, ['store', 'forgetAfter'], '30d');
  const given = valueAt(document, ['server', 'deadline']);
  const atMost = `at most server.deadline (${typeof given === 'string' ? given : '20s unless given'})`;
  const limits: readonly [path: DocumentPath, isBroken: boolean, expected: string][] = [
    [['server', 'deadline'], deadline < SECOND || deadline > HOUR, 'from 1s to 1h'],
    [['server', 'patience'], patience > deadline, atMost],
    [['store', 'forgetAfter'], forgetAfter < 24 * HOUR, 'at least 1d'],
    [['maxFreshFor'], maxFreshFor > 24 * HOUR, 'at most 24h'],
    [['freshFor'], freshFor > Math.min(maxFreshFor, 24 * HOUR), 'at most maxFreshFor (5m unless given)'],
    ...keysAt(document, ['projects']).map((project): (typeof limits)[number] => {
      const path = ['projects', project, 'freshFor'];
      const isLonger = durationAt(document, path, '0s') > Math.min(maxFreshFor, 24 * HOUR);
      return [path, isLonger, 'at most maxFreshFor (5m unless given)'];
    }),
  ];
  return limits.flatMap(([path, isBroken, expected]) => {
    if (!isBroken) return [];
    return [{ path, text: `found ${describeFound(path, valueAt(document, path))}, expected ${expected}` }];
  });
}

/** @returns milliseconds; NaN, which is neither below nor above any limit, if the value is not a duration */
function durationAt(document: unknown, path: DocumentPath, fallback: string): number {
  const value = valueAt(document, path);
  if (value !== undefined && typeof value !== 'string') return NaN;
  try {
    return parseDuration(value ?? fallback);
  } catch {
    return NaN;
  }
}

/** Separate, because the rest of the configuration can be used without the variables. */
export function findVariableProblems(document: unknown, environment: NodeJS.ProcessEnv): Problem[] {
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
    const found = `found that ${showVariable(name)} is ${value === undefined ? 'not set' : 'empty'}`;
    return [{ path, text: `${found}, expected it to contain the secret (${exportCommand(name)})` }];
  });
}

/** Without HOME, as in many containers, `~` would be the name of a folder. */
function findHomeProblems(document: unknown, { HOME }: NodeJS.ProcessEnv): Problem[] {
  const files = valueAt(document, ['dockerConfigFiles']);
  if (!Array.isArray(files) || HOME) return [];
  return files.flatMap((file: unknown, i) => {
    if (typeof file !== 'string' || !/^~(?:\/|$)/.test(file)) return [];
    const path = ['dockerConfigFiles', i];
    const found = `found ${describeFound(path, file)} while HOME is not set`;
    return [{ path, text: `${found}, expected a path without ~` }];
  });
}

/** A project may omit its connection if there is only one, and its Git host if `ci` is one. */
function findConnectionProblems(document: unknown): Problem[] {
  const names = keysAt(document, ['connections']);
  if (names.length === 0) return [];
  return keysAt(document, ['projects']).flatMap((project) => {
    if (!isMapping(valueAt(document, ['projects', project]))) return [];
    const keys = asksNoCi(document, project) ? (['git'] as const) : (['ci', 'git'] as const);
    return keys.flatMap((key) => {
      const path = ['projects', project, key];
      const found = valueAt(document, path);
      if (found === undefined ? key === 'git' || names.length === 1 : typeof found !== 'string') return [];
      if (typeof found === 'string' && names.includes(found)) return [];
      const nearest = typeof found === 'string' ? suggest(found, names) : undefined;
      const suggestion = nearest === undefined ? '' : `; did you mean ${nearest}?`;
      const expected = `one of the connections (${names.join(', ')})${suggestion}`;
      return [{ path, text: `found ${describeFound(path, found)}, expected ${expected}` }];
    });
  });
}

/** An identity's token must not be sent to a host outside its cloud. */
function findIdentityProblems(document: unknown): Problem[] {
  return keysAt(document, ['registries']).flatMap((host) => {
    const path = ['registries', host, 'identity'];
    const found = CLOUDS.find((cloud) => cloud === valueAt(document, path));
    const actual = parseCloudHost(host)?.cloud;
    if (found === undefined || found === actual) return [];
    const other = `a host like ${CLOUD_HOSTS[found]}, or a username and a password for this one`;
    const expected = actual === undefined ? other : `${actual} for this host`;
    return [{ path, text: `found ${found}, expected ${expected}` }];
  });
}

function keysAt(document: unknown, path: DocumentPath): string[] {
  const value = valueAt(document, path);
  return isMapping(value) ? Object.keys(value) : [];
}
