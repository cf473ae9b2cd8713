/** The validated configuration: with defaults, durations in milliseconds, and resolved paths. */
import { dirname, isAbsolute, join } from 'node:path';
import { parsePlatform } from '../image/platform.ts';
import { parseImageTemplate } from '../image/template.ts';
import type { ImageRule, Project } from '../resolve/types.ts';
import { parseCloudHost, type CloudHost } from '../registry/credentials/cloud/hosts.ts';
import type { CiConnection } from '../ci/kind.ts';
import { selectKind } from '../ci/kinds.ts';
import { parseDuration } from '../schema/duration.ts';
import { createSecretSource, expandHome, type SecretSource } from '../secrets/secret.ts';
import { DEFAULT_TOKEN_FILE, type ConfigDocument } from './schema.ts';
import { createStoreSettings, type StoreSettings } from './store-settings.ts';
import { createTlsFiles, type TlsFiles } from '../secrets/tls-files.ts';
export type CloudIdentity = CloudHost & {
  /** For `aws` only. */
  readonly roleArn?: string | undefined;
  /** For `google` only. */
  readonly credentialsFile?: string | undefined;
};

export interface RegistrySettings {
  /** As in image references: `ghcr.io`, `registry.local:5000`. */
  readonly host: string;
  readonly credentials?: { readonly username: string; readonly password: SecretSource } | undefined;
  /** The identity of this process in the host's cloud. */
  readonly identity?: CloudIdentity | undefined;
  /** Whether to use plain HTTP; if undefined, only on loopback. */
  readonly http?: boolean | undefined;
  readonly tls?: TlsFiles | undefined;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Config {
  /** The path that the configuration was read from. */
  readonly file: string;
  readonly server: Address & {
    readonly token: SecretSource;
    readonly deadlineMs: number;
    /** How long a caller waits for a newer answer if an earlier one is known; at most `deadlineMs`. */
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

/**
 * @param document satisfies the schema and the cross-checks
 * @param file path of the configuration file; relative paths start at its folder
 */
export function createConfig(document: ConfigDocument, file: string, env: NodeJS.ProcessEnv): Config {
  const locate = (path: string) => (isAbsolute(path) ? path : join(dirname(file), path));
  const { server, management, store, dockerConfigFiles } = document;
  const deadlineMs = parseDuration(server.deadline);
  const connections = Object.entries(document.connections);
  return {
    file,
    server: {
      host: server.host,
      port: server.port,
      token: createSecretSource(server.tokenFile, server.tokenEnv, locate) ?? { file: DEFAULT_TOKEN_FILE },
      deadlineMs,
      // The default patience must not exceed a deadline that was shortened.
      patienceMs: Math.min(parseDuration(server.patience), deadlineMs),
    },
    management,
    freshForMs: parseDuration(document.freshFor),
    maxFreshForMs: parseDuration(document.maxFreshFor),
    store: createStoreSettings(store, locate, env['GREENPIN_STATE_DIRECTORY']),
    connections: new Map(connections.map(([name, value]) => [name, createConnection(name, value, locate)])),
    registries: new Map(
      Object.entries(document.registries).map(([host, value]) => [host, createRegistry(host, value, locate)]),
    ),
    dockerConfigFiles: dockerConfigFiles.map((path) => locate(expandHome(path, env['HOME']))),
    projects: new Map(
      Object.entries(document.projects).map(([name, value]) => [
        name,
        createProject(name, value, document.connections),
      ]),
    ),
  };
}

type Locate = (path: string) => string;
type EntryOf<T> = T extends Record<string, infer Entry> ? Entry : never;

function createConnection(
  name: string,
  entry: EntryOf<ConfigDocument['connections']>,
  locate: Locate,
): CiConnection {
  return {
    name,
    kind: entry.kind,
    url: entry.url.replace(/\/+$/, ''),
    auth: selectKind(entry.kind).createAuth(entry, locate),
    tls: createTlsFiles(['connections', name], entry, locate),
  };
}

type RegistryEntry = EntryOf<ConfigDocument['registries']>;

function createRegistry(
  host: string,
  { username, passwordFile, passwordEnv, http, ...others }: RegistryEntry,
  locate: Locate,
): RegistrySettings {
  const password = createSecretSource(passwordFile, passwordEnv, locate);
  return {
    host,
    http,
    identity: createIdentity(host, others, locate),
    tls: createTlsFiles(['registries', host], others, locate),
    credentials: username !== undefined && password !== undefined ? { username, password } : undefined,
  };
}

/** The cross-checks guarantee that the identity fits the host. */
function createIdentity(
  host: string,
  { identity, roleArn, credentialsFile }: Pick<RegistryEntry, 'identity' | 'roleArn' | 'credentialsFile'>,
  locate: Locate,
): CloudIdentity | undefined {
  const cloudHost = identity && parseCloudHost(host);
  return (
    cloudHost && {
      ...cloudHost,
      roleArn,
      credentialsFile: credentialsFile === undefined ? undefined : locate(credentialsFile),
    }
  );
}

/** The schema has checked that the connections exist and can do what the project needs. */
function createProject(
  name: string,
  entry: EntryOf<ConfigDocument['projects']>,
  connections: ConfigDocument['connections'],
): Project {
  const [onlyConnection = ''] = Object.keys(connections);
  const { ci = onlyConnection, repository, workflows = [], images, ...settings } = entry;
  const kind = selectKind(connections[ci]?.kind ?? '');
  return {
    ...settings,
    name,
    ci,
    git: entry.git ?? (kind.isGitHost ? ci : undefined),
    gitRepository: repository,
    workflows,
    events: entry.events ?? kind.project.defaultEvents,
    images: Object.entries(images).map(([image, value]) => createImage(image, value)),
  };
}

type ImageEntry = EntryOf<EntryOf<ConfigDocument['projects']>['images']>;

function createImage(name: string, entry: ImageEntry): ImageRule {
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
