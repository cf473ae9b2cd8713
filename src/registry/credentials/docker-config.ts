/**
 * Docker's configuration file (`config.json`, Kubernetes' `.dockerconfigjson`) and its old form `.dockercfg`. What Docker's own reader
 * (docker/cli, cli/config/configfile) and the kubelet's (kubernetes, pkg/credentialprovider/config.go) take is taken here; both are in Go,
 * whose JSON reader knows a key in any case. Unlike there, an entry that is broken costs only its own registry's images. Pure.
 */
import { isUtf8 } from 'node:buffer';
import {
  createPasswordCredential,
  type Credential,
  type CredentialEntry,
  type CredentialProblem,
} from './credential.ts';
import { isJsonObject, parseJsonObject, type JsonObject } from '../json.ts';

export interface DockerConfig {
  readonly credentials: readonly CredentialEntry[];
  /** Entries that are broken. */
  readonly problems: readonly CredentialProblem[];
  readonly helpers: readonly IgnoredHelper[];
  /** What the file asks for and does not get, each one sentence. */
  readonly warnings: readonly string[];
}

/** A credential helper: a program that Docker would ask. */
export interface IgnoredHelper {
  /** The registry that it is for; left out: for all. */
  readonly key?: string;
  readonly warning: string;
}

/** A file that is no Docker configuration; the message names file and key, never a value. */
export class InvalidDockerConfig extends Error {
  override readonly name = 'InvalidDockerConfig';
}

/** Names that tell the file's new form from the old one, which is a map of registries and nothing else. */
const NEW_FORM_KEYS = ['auths', 'credHelpers', 'credsStore'];
const SECRET_FIELDS = ['auth', 'username', 'password', 'identitytoken', 'registrytoken'];

/**
 * @param text the file's content
 * @param file its path, for messages
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

/** What the JSON parser says quotes the text around the error, which may be a password; so it is not told. */
function parseObject(text: string, file: string): JsonObject {
  const plain = text.replace(/^\ufeff/, '');
  const config = parseJsonObject(plain) ?? parseJsonObject(firstObject(plain));
  if (config !== undefined) return config;
  // Of JSON's characters the other half are NULs.
  if (text.includes('\0')) throw new InvalidDockerConfig(`${file} is in UTF-16; expected UTF-8`);
  throw new InvalidDockerConfig(`${file} is not a JSON object; expected Docker's config.json`);
}

/** Docker's reader takes the first object, and leaves what follows it: the end of a longer file that was written over. */
function firstObject(text: string): string {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (token === '{') depth++;
    if (token === '}' && --depth === 0) return text.slice(0, index + 1);
  }
  return '';
}

/** As Go finds a field: in any case; the exact name goes first. */
function fieldOf(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  return Object.entries(object).findLast(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

function findAuths(config: JsonObject, file: string): JsonObject {
  const auths = fieldOf(config, 'auths');
  if (isJsonObject(auths)) return auths;
  if (auths !== undefined && auths !== null)
    throw new InvalidDockerConfig(`${file}, auths: expected an object`);
  if (auths === null || NEW_FORM_KEYS.some((key) => fieldOf(config, key) !== undefined)) return {};
  const isOldForm = Object.values(config).some(
    (value) => isJsonObject(value) && SECRET_FIELDS.some((field) => fieldOf(value, field) !== undefined),
  );
  return isOldForm ? config : {};
}

/** Helpers are programs; there are none in a pod. Going on anonymously without a word would look like a missing image. */
function findHelpers(config: JsonObject, file: string): IgnoredHelper[] {
  const advice = 'credential helpers are not run; put the credentials into auths';
  const credHelpers = fieldOf(config, 'credHelpers');
  const credsStore = fieldOf(config, 'credsStore');
  const keys = isJsonObject(credHelpers) ? Object.keys(credHelpers) : [];
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

/** @returns nothing for an entry without any secret, or null: the marker that a helper leaves */
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
  if (!isJsonObject(entry)) throw new InvalidDockerConfig(`${source}: expected an object`);
  const registryToken = stringField(entry, 'registrytoken', source);
  if (registryToken !== '') return { kind: 'registryToken', token: registryToken, source };
  const identityToken = stringField(entry, 'identitytoken', source);
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

/** @param isUser there is a token besides, for which a user alone will do */
function parseLogin(entry: JsonObject, source: string, isUser: boolean): Login | undefined {
  const auth = stringField(entry, 'auth', source).replaceAll(/\s/g, '');
  if (auth !== '') return decodeAuth(auth, source);
  const username = stringField(entry, 'username', source);
  const password = stringField(entry, 'password', source);
  if (username === '' && password === '') return undefined;
  if (username === '') throw new InvalidDockerConfig(`${source}: a password without a username`);
  if (password === '' && !isUser) throw new InvalidDockerConfig(`${source}: a username without a password`);
  return { username, password };
}

/** Some writers leave out the padding, some fill the end with NULs. */
function decodeAuth(auth: string, source: string): Login {
  const expected = `${source}, auth: expected base64 of USERNAME:PASSWORD`;
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(auth)) throw new InvalidDockerConfig(expected);
  const bytes = withoutNuls(Buffer.from(auth, 'base64'));
  const login = bytes.toString('utf8');
  const colon = login.indexOf(':');
  if (colon < 1) throw new InvalidDockerConfig(expected);
  const encoded = isUtf8(bytes) ? {} : { encoded: bytes.toString('base64') };
  return { username: login.slice(0, colon), password: login.slice(colon + 1), ...encoded };
}

function withoutNuls(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}

function stringField(entry: JsonObject, name: string, source: string): string {
  const value = fieldOf(entry, name) ?? '';
  if (typeof value !== 'string') throw new InvalidDockerConfig(`${source}, ${name}: expected a string`);
  return value;
}
