/**
 * Parses Docker's configuration file (`config.json`, Kubernetes' `.dockerconfigjson`) and its old format
 * `.dockercfg`. Accepts what Docker (docker/cli, cli/config/configfile) and the kubelet (kubernetes,
 * pkg/credentialprovider/config.go) accept; both are written in Go, whose JSON decoder ignores the case of
 * keys. Unlike there, a broken entry affects only the images of its registry. Pure.
 */
import { isUtf8 } from 'node:buffer';
import { createPasswordCredential } from './credential.ts';
import type { Credential, CredentialEntry, CredentialProblem } from './credential.ts';
import { parseJsonObject, type JsonObject } from '../json.ts';
import { isMapping } from '../../text/document-path.ts';

export interface DockerConfig {
  readonly credentials: readonly CredentialEntry[];
  /** Broken entries. */
  readonly problems: readonly CredentialProblem[];
  readonly helpers: readonly IgnoredHelper[];
  /** Features that the file requests but Greenpin does not support, one sentence each. */
  readonly warnings: readonly string[];
}

/** A credential helper, a program that Docker would run. */
export interface IgnoredHelper {
  /** Its registry; undefined means all of them. */
  readonly key?: string;
  readonly warning: string;
}

/** A file that is not a Docker configuration. The message names the file and the key, never a value. */
export class InvalidDockerConfig extends Error {
  override readonly name = 'InvalidDockerConfig';
}

/** Keys of the new format. The old one is a plain map of registries. */
const NEW_FORMAT_KEYS = ['auths', 'credHelpers', 'credsStore'];
const SECRET_FIELDS = ['auth', 'username', 'password', 'identitytoken', 'registrytoken'];

/**
 * @param file the path, for messages
 * @throws InvalidDockerConfig
 */
export function parseDockerConfig(text: string, file: string): DockerConfig {
  const config = parseObject(text, file);
  const helpers = findHelpers(config, file);
  const entries = Object.entries(findAuths(config, file)).flatMap(([key, value]) =>
    parseEntry(key, value, `${file}, auths[${JSON.stringify(key)}]`),
  );
  const credentials = entries.filter((entry) => 'credential' in entry);
  const problems = entries.filter((entry) => 'problem' in entry);
  const empty = entries.length === 0 && helpers.length === 0;
  const warnings = empty
    ? [`${file} holds no credentials; expected {"auths": {"REGISTRY": {...}}}`]
    : helpers.map(({ warning }) => warning);
  return { credentials, problems, helpers, warnings };
}

/** Hides the JSON parser's message, which quotes the text around the error, possibly a password. */
function parseObject(text: string, file: string): JsonObject {
  const plain = text.replace(/^\ufeff/, '');
  const config = parseJsonObject(plain) ?? parseJsonObject(firstObject(plain));
  if (config !== undefined) return config;
  // In UTF-16, every other byte of JSON is NUL.
  if (text.includes('\0')) throw new InvalidDockerConfig(`${file} is in UTF-16; expected UTF-8`);
  throw new InvalidDockerConfig(`${file} is not a JSON object; expected Docker's config.json`);
}

/** Docker takes the first object and ignores what follows, such as the end of an older, longer file. */
function firstObject(text: string): string {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (token === '{') depth++;
    if (token === '}' && --depth === 0) return text.slice(0, index + 1);
  }
  return '';
}

/** Finds a field as Go does: in any case, preferring the exact name. */
function findField(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  return Object.entries(object).findLast(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

function findAuths(config: JsonObject, file: string): JsonObject {
  const auths = findField(config, 'auths');
  if (isMapping(auths)) return auths;
  if (auths !== undefined && auths !== null)
    throw new InvalidDockerConfig(`${file}, auths: expected an object`);
  if (auths === null || NEW_FORMAT_KEYS.some((key) => findField(config, key) !== undefined)) return {};
  const isOldFormat = Object.values(config).some(
    (value) => isMapping(value) && SECRET_FIELDS.some((field) => findField(value, field) !== undefined),
  );
  return isOldFormat ? config : {};
}

/** Pods have no helper programs. Without a warning, anonymous access would look like a missing image. */
function findHelpers(config: JsonObject, file: string): IgnoredHelper[] {
  const advice = 'Greenpin does not run credential helpers; put the credentials in auths';
  const credHelpers = findField(config, 'credHelpers');
  const credsStore = findField(config, 'credsStore');
  const keys = isMapping(credHelpers) ? Object.keys(credHelpers) : [];
  return [
    ...keys.map((key) => ({
      key,
      warning: `${file}, credHelpers[${JSON.stringify(key)}] is ignored: ${advice}`,
    })),
    ...(typeof credsStore === 'string' && credsStore !== ''
      ? [{ warning: `${file}, credsStore is ignored: ${advice}` }]
      : []),
  ];
}

/** @returns an empty list for an entry without a secret and for null, which helpers leave as a marker */
function parseEntry(key: string, entry: unknown, source: string): (CredentialEntry | CredentialProblem)[] {
  try {
    const credential = entry === null ? undefined : parseCredential(entry, source);
    return credential === undefined ? [] : [{ key, credential }];
  } catch (error) {
    if (error instanceof InvalidDockerConfig) return [{ key, problem: error.message }];
    throw error;
  }
}

function parseCredential(entry: unknown, source: string): Credential | undefined {
  if (!isMapping(entry)) throw new InvalidDockerConfig(`${source}: expected an object`);
  const registryToken = readString(entry, 'registrytoken', source);
  if (registryToken !== '') return { kind: 'registryToken', token: registryToken, source };
  const identityToken = readString(entry, 'identitytoken', source);
  const login = parseLogin(entry, source, identityToken !== '');
  if (identityToken !== '') {
    const username = login?.username ?? '';
    return { kind: 'identityToken', token: identityToken, ...(username !== '' && { username }), source };
  }
  if (login === undefined) return undefined;
  const { username, password, encoded } = login;
  const credential = createPasswordCredential(username, password, source);
  return credential.kind === 'basic' && encoded !== undefined ? { ...credential, encoded } : credential;
}

interface Login {
  readonly username: string;
  readonly password: string;
  readonly encoded?: string;
}

/** @param hasToken whether there is a token, so that a username needs no password */
function parseLogin(entry: JsonObject, source: string, hasToken: boolean): Login | undefined {
  const auth = readString(entry, 'auth', source).replaceAll(/\s/g, '');
  if (auth !== '') return decodeAuth(auth, source);
  const username = readString(entry, 'username', source);
  const password = readString(entry, 'password', source);
  if (username === '' && password === '') return undefined;
  if (username === '') throw new InvalidDockerConfig(`${source}: found a password without a username`);
  if (password === '' && !hasToken)
    throw new InvalidDockerConfig(`${source}: found a username without a password`);
  return { username, password };
}

/** Some tools omit the padding, others pad with NULs. */
function decodeAuth(auth: string, source: string): Login {
  const expected = `${source}, auth: expected base64 of USERNAME:PASSWORD`;
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(auth)) throw new InvalidDockerConfig(expected);
  const padded = Buffer.from(auth, 'base64');
  const bytes = padded.subarray(0, padded.findLastIndex((byte) => byte !== 0) + 1);
  const login = bytes.toString('utf8');
  const colon = login.indexOf(':');
  if (colon < 1) throw new InvalidDockerConfig(expected);
  const encoded = isUtf8(bytes) ? {} : { encoded: bytes.toString('base64') };
  return { username: login.slice(0, colon), password: login.slice(colon + 1), ...encoded };
}

function readString(entry: JsonObject, name: string, source: string): string {
  const value = findField(entry, name) ?? '';
  if (typeof value !== 'string') throw new InvalidDockerConfig(`${source}, ${name}: expected a string`);
  return value;
}
