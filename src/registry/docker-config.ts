/** Docker's configuration file (`config.json`, Kubernetes' `.dockerconfigjson`) and its old form `.dockercfg`. Pure. */
import { createPasswordCredential, type Credential, type CredentialEntry } from './credentials.ts';
import { isJsonObject, parseJsonObject, type JsonObject } from './json.ts';

export interface DockerConfig {
  readonly credentials: readonly CredentialEntry[];
  /** What the file asks for and does not get, each one sentence. */
  readonly warnings: readonly string[];
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
  const warnings = helperWarnings(config, file);
  const auths = findAuths(config, file);
  const credentials = Object.entries(auths).flatMap(([key, value]) => {
    const credential = parseEntry(value, `${file}, auths[${JSON.stringify(key)}]`);
    return credential === undefined ? [] : [{ key, credential }];
  });
  if (credentials.length === 0 && warnings.length === 0) {
    return {
      credentials,
      warnings: [`${file} holds no credentials; expected {"auths": {"REGISTRY": {...}}}`],
    };
  }
  return { credentials, warnings };
}

/** What the JSON parser says quotes the text around the error, which may be a password; so it is not told. */
function parseObject(text: string, file: string): JsonObject {
  const config = parseJsonObject(text);
  if (config === undefined)
    throw new InvalidDockerConfig(`${file} is not a JSON object; expected Docker's config.json`);
  return config;
}

function findAuths(config: JsonObject, file: string): JsonObject {
  const auths = config['auths'];
  if (isJsonObject(auths)) return auths;
  if (auths !== undefined && auths !== null)
    throw new InvalidDockerConfig(`${file}, auths: expected an object`);
  if (NEW_FORM_KEYS.some((key) => Object.hasOwn(config, key))) return {};
  const isOldForm = Object.values(config).some(
    (value) => isJsonObject(value) && SECRET_FIELDS.some((field) => Object.hasOwn(value, field)),
  );
  return isOldForm ? config : {};
}

/** Helpers are programs; there are none in a pod. Going on anonymously without a word would look like a missing image. */
function helperWarnings(config: JsonObject, file: string): string[] {
  const advice = 'credential helpers are not run; put the credentials into auths';
  const { credHelpers, credsStore } = config;
  const helpers = isJsonObject(credHelpers) ? Object.keys(credHelpers) : [];
  return [
    ...helpers.map((key) => `${file}, credHelpers[${JSON.stringify(key)}] is ignored: ${advice}`),
    ...(typeof credsStore === 'string' && credsStore !== ''
      ? [`${file}, credsStore is ignored: ${advice}`]
      : []),
  ];
}

/** @returns undefined for an entry without any secret: the marker that a helper leaves */
function parseEntry(entry: unknown, source: string): Credential | undefined {
  if (!isJsonObject(entry)) throw new InvalidDockerConfig(`${source}: expected an object`);
  const registryToken = stringField(entry, 'registrytoken', source);
  if (registryToken !== '') return { kind: 'registryToken', token: registryToken, source };
  const login = parseLogin(entry, source);
  const identityToken = stringField(entry, 'identitytoken', source);
  if (identityToken !== '') {
    const username = login?.username ?? '';
    return { kind: 'identityToken', token: identityToken, ...(username !== '' && { username }), source };
  }
  return login === undefined ? undefined : createPasswordCredential(login.username, login.password, source);
}

function parseLogin(entry: JsonObject, source: string): { username: string; password: string } | undefined {
  const auth = stringField(entry, 'auth', source).trim();
  if (auth !== '') return decodeAuth(auth, source);
  const username = stringField(entry, 'username', source);
  const password = stringField(entry, 'password', source);
  if (username === '' && password === '') return undefined;
  if (username === '') throw new InvalidDockerConfig(`${source}: a password without a username`);
  if (password === '' && stringField(entry, 'identitytoken', source) === '') {
    throw new InvalidDockerConfig(`${source}: a username without a password`);
  }
  return { username, password };
}

/** Some writers leave out the padding, some fill the end with NULs. */
function decodeAuth(auth: string, source: string): { username: string; password: string } {
  const expected = `${source}, auth: expected base64 of USERNAME:PASSWORD`;
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(auth)) throw new InvalidDockerConfig(expected);
  const login = Buffer.from(auth, 'base64').toString('utf8');
  const colon = login.indexOf(':');
  if (colon < 1) throw new InvalidDockerConfig(expected);
  return { username: login.slice(0, colon), password: trimNuls(login.slice(colon + 1)) };
}

function trimNuls(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '\0') end--;
  return text.slice(0, end);
}

function stringField(entry: JsonObject, name: string, source: string): string {
  const value = entry[name];
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new InvalidDockerConfig(`${source}, ${name}: expected a string`);
  return value;
}
