/** The configuration as the program uses it: checked, defaults filled in, durations in milliseconds, paths from the working directory. */
import { dirname, isAbsolute, join } from 'node:path';
import { parseImageTemplate } from '../image/template.ts';
import type { ImageRule, Project } from '../resolve/types.ts';
import { parseCloudHost, type CloudHost } from '../registry/credentials/cloud/hosts.ts';
import { parseDuration } from '../schema/duration.ts';
import { expandHome } from '../secrets/home.ts';
import { DEFAULT_TOKEN_FILE, type ConfigDocument } from './schema.ts';
import { createStoreSettings, type StoreSettings } from './store-settings.ts';
import { createTlsFiles, type TlsFiles } from '../secrets/tls-files.ts';
import type { Platform } from '../image/image.ts';

/** Where a token is; the secret itself is not part of the configuration. */
export type TokenSource =
  { readonly kind: 'tokenFile'; readonly file: string } | { readonly kind: 'tokenEnv'; readonly env: string };

type PasswordSource =
  | { readonly kind: 'passwordFile'; readonly file: string }
  | { readonly kind: 'passwordEnv'; readonly env: string };

export type CiAuth =
  | { readonly kind: 'none' }
  | TokenSource
  | {
      readonly kind: 'app';
      /** The App's id or client id. */
      readonly id: string;
      readonly installationId: string;
      readonly privateKeyFile: string;
    };

export interface CiConnection {
  readonly name: string;
  readonly kind: 'github';
  /** Without a slash at its end. */
  readonly url: string;
  readonly auth: CiAuth;
  readonly tls?: TlsFiles;
}

export type CloudIdentity = CloudHost & {
  /** Only of aws. */
  readonly roleArn?: string;
  /** Only of google. */
  readonly credentialsFile?: string;
};

export interface RegistrySettings {
  /** As in image references: `ghcr.io`, `registry.local:5000`. */
  readonly host: string;
  readonly credentials?: { readonly username: string; readonly password: PasswordSource };
  /** This process's own, in the host's cloud. */
  readonly identity?: CloudIdentity;
  /** Whether to speak plain http; left out: only on loopback. */
  readonly http?: boolean;
  readonly tls?: TlsFiles;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Config {
  /** The file that it was read from. */
  readonly file: string;
  readonly server: Address & {
    readonly token: TokenSource;
    readonly deadlineMs: number;
    /** How long a caller for whom an answer is known waits for a newer one; at most `deadlineMs`. */
    readonly patienceMs: number;
  };
  readonly management: Address;
  readonly freshForMs: number;
  readonly maxFreshForMs: number;
  readonly store: StoreSettings;
  readonly connections: ReadonlyMap<string, CiConnection>;
  readonly registries: ReadonlyMap<string, RegistrySettings>;
  readonly dockerConfigFiles: readonly string[];
  readonly projects: ReadonlyMap<string, Project>;
}

interface Surroundings {
  /** Path of the configuration file: relative paths in it start at its folder. */
  readonly file: string;
  readonly parsePlatform: (text: string) => Platform;
  /** What `GREENPIN_STATE_DIRECTORY` says, if it is set. */
  readonly stateDirectory?: string;
  /** What `HOME` says, if it is set. */
  readonly home?: string;
}

/** @param document satisfies the schema and the rules */
export function createConfig(
  document: ConfigDocument,
  { file, parsePlatform, stateDirectory, home }: Surroundings,
): Config {
  const locate = (path: string) => (isAbsolute(path) ? path : join(dirname(file), path));
  const { server, management, store, dockerConfigFiles } = document;
  const deadlineMs = parseDuration(server.deadline);
  const connections = Object.entries(document.connections);
  const onlyConnection = connections[0]?.[0] ?? '';
  return {
    file,
    server: {
      host: server.host,
      port: server.port,
      token: tokenSource(server, locate) ?? { kind: 'tokenFile', file: DEFAULT_TOKEN_FILE },
      deadlineMs,
      // Whoever only shortens the deadline need not know of the other key's default.
      patienceMs: Math.min(parseDuration(server.patience), deadlineMs),
    },
    management,
    freshForMs: parseDuration(document.freshFor),
    maxFreshForMs: parseDuration(document.maxFreshFor),
    store: createStoreSettings(store, locate, stateDirectory),
    connections: new Map(connections.map(([name, value]) => [name, createConnection(name, value, locate)])),
    registries: new Map(
      Object.entries(document.registries).map(([host, value]) => [host, createRegistry(host, value, locate)]),
    ),
    dockerConfigFiles: dockerConfigFiles.map((path) => locate(expandHome(path, home))),
    projects: new Map(
      Object.entries(document.projects).map(([name, value]) => [
        name,
        createProject(name, value, onlyConnection, parsePlatform),
      ]),
    ),
  };
}

type Locate = (path: string) => string;
type EntryOf<T> = T extends Record<string, infer Entry> ? Entry : never;

function tokenSource(
  { tokenFile, tokenEnv }: { tokenFile?: string | undefined; tokenEnv?: string | undefined },
  locate: Locate,
): TokenSource | undefined {
  if (tokenEnv !== undefined) return { kind: 'tokenEnv', env: tokenEnv };
  return tokenFile === undefined ? undefined : { kind: 'tokenFile', file: locate(tokenFile) };
}

function createConnection(
  name: string,
  entry: EntryOf<ConfigDocument['connections']>,
  locate: Locate,
): CiConnection {
  return {
    name,
    kind: entry.kind,
    url: entry.url.replace(/\/+$/, ''),
    auth: createAuth(entry, locate),
    ...createTlsFiles(['connections', name], entry, locate),
  };
}

function createAuth(entry: EntryOf<ConfigDocument['connections']>, locate: Locate): CiAuth {
  const { app } = entry;
  if (app === undefined) return tokenSource(entry, locate) ?? { kind: 'none' };
  return {
    kind: 'app',
    id: String(app.id),
    installationId: String(app.installationId),
    privateKeyFile: locate(app.privateKeyFile),
  };
}

type RegistryEntry = EntryOf<ConfigDocument['registries']>;

function createRegistry(
  host: string,
  { username, passwordFile, passwordEnv, http, ...others }: RegistryEntry,
  locate: Locate,
): RegistrySettings {
  const tls = createTlsFiles(['registries', host], others, locate);
  const identity = createIdentity(host, others, locate);
  const settings = { host, ...(http !== undefined && { http }), ...(identity && { identity }), ...tls };
  if (username === undefined) return settings;
  const password: PasswordSource =
    passwordEnv === undefined
      ? { kind: 'passwordFile', file: locate(passwordFile ?? '') }
      : { kind: 'passwordEnv', env: passwordEnv };
  return { ...settings, credentials: { username, password } };
}

/** That the identity fits the host has been checked. */
function createIdentity(
  host: string,
  { identity, roleArn, credentialsFile }: Pick<RegistryEntry, 'identity' | 'roleArn' | 'credentialsFile'>,
  locate: Locate,
): CloudIdentity | undefined {
  const cloudHost = identity && parseCloudHost(host);
  return (
    cloudHost && {
      ...cloudHost,
      ...(roleArn !== undefined && { roleArn }),
      ...(credentialsFile !== undefined && { credentialsFile: locate(credentialsFile) }),
    }
  );
}

function createProject(
  name: string,
  entry: EntryOf<ConfigDocument['projects']>,
  onlyConnection: string,
  parsePlatform: (text: string) => Platform,
): Project {
  const { ci = onlyConnection, repository, workflows = [], images, ...settings } = entry;
  return {
    ...settings,
    name,
    ci,
    gitRepository: repository,
    workflows,
    images: Object.entries(images).map(([image, value]) => createImage(image, value, parsePlatform)),
  };
}

type ImageEntry = EntryOf<EntryOf<ConfigDocument['projects']>['images']>;

function createImage(name: string, entry: ImageEntry, parsePlatform: (text: string) => Platform): ImageRule {
  if (typeof entry === 'string') {
    return { name, template: parseImageTemplate(entry), onMissing: 'reject', revision: 'auto' };
  }
  const { reference, platform, handOut, onMissing, revision } = entry;
  return {
    name,
    template: parseImageTemplate(reference),
    onMissing,
    revision,
    ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
    ...(handOut === undefined ? {} : { handOut }),
  };
}
