/** The validated configuration: with defaults, durations in milliseconds, and resolved paths. */
import { dirname, isAbsolute, join } from 'node:path';
import { parsePlatform } from '../image/platform.ts';
import { parseImageTemplate } from '../image/template.ts';
import { REGISTRY_EVENT } from '../resolve/commit-run.ts';
import type { ImageRule, Project } from '../resolve/types.ts';
import { createRegistrySettings, type RegistrySettings } from '../registry/settings.ts';
import type { CiConnection } from '../ci/kind.ts';
import { selectKind } from '../ci/kinds.ts';
import { PUSH_EVENT } from '../ci/push-provider.ts';
import { parseDuration } from '../schema/duration.ts';
import { createSecretSource, expandHome, type SecretSource } from '../secrets/secret.ts';
import { DEFAULT_TOKEN_FILE, type ConfigDocument } from './schema.ts';
import { createStoreSettings, type StoreSettings } from '../store/settings.ts';
import { createTlsFiles } from '../secrets/tls-files.ts';

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
  const connections = Object.entries(document.connections ?? {});
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
      Object.entries(document.registries).map(([host, value]) => [
        host,
        createRegistrySettings(host, value, locate),
      ]),
    ),
    dockerConfigFiles: dockerConfigFiles.map((path) => locate(expandHome(path, env['HOME']))),
    projects: new Map(
      Object.entries(document.projects).map(([name, value]) => [
        name,
        createProject(name, value, document.connections ?? {}),
      ]),
    ),
  };
}

type Connections = NonNullable<ConfigDocument['connections']>;

type EntryOf<T> = T extends Record<string, infer Entry> ? Entry : never;

function createConnection(
  name: string,
  entry: EntryOf<Connections>,
  locate: (path: string) => string,
): CiConnection {
  return {
    name,
    kind: entry.kind,
    url: entry.url.replace(/\/+$/, ''),
    auth: selectKind(entry.kind).createAuth(entry, locate),
    tls: createTlsFiles(['connections', name], entry, locate),
  };
}

/** The schema guarantees that the connections exist and have the ports that the project needs. */
function createProject(
  name: string,
  entry: EntryOf<ConfigDocument['projects']>,
  connections: Connections,
): Project {
  const [onlyConnection = ''] = Object.keys(connections);
  const { repository, workflows = [], statuses = [], freshFor, images, ...settings } = entry;
  const common = {
    ...settings,
    name,
    gitRepository: repository,
    statuses,
    workflows,
    freshForMs: freshFor === undefined ? undefined : parseDuration(freshFor),
    images: Object.entries(images).map(([image, value]) => createImage(image, value)),
  };
  if (entry.builds === 'registry') return createProjectWithoutCi(common);
  const byStatuses = entry.builds === 'statuses';
  const { ci: runs = onlyConnection } = entry;
  const ci = byStatuses ? (entry.git ?? runs) : runs;
  const kind = selectKind(connections[ci]?.kind ?? '');
  return {
    ...common,
    ci,
    git: entry.git ?? (kind.isGitHost ? ci : undefined),
    ciRepository: kind.project.runsBelongTo === 'workflows' && !byStatuses ? workflows.join(' ') : repository,
    events: byStatuses ? [PUSH_EVENT] : (entry.events ?? kind.project.defaultEvents),
  };
}

function createProjectWithoutCi(common: Omit<Project, 'ci' | 'ciRepository' | 'events'>): Project {
  const { gitRepository: ciRepository, images } = common;
  const proven = images.map((image): ImageRule => Object.assign(image, { revision: 'require' }));
  return { ...common, ci: '', ciRepository, events: [REGISTRY_EVENT], images: proven };
}

type ImageEntry = EntryOf<EntryOf<ConfigDocument['projects']>['images']>;

function createImage(name: string, entry: ImageEntry): ImageRule {
  const settings: Exclude<ImageEntry, string> =
    typeof entry === 'string' ? { reference: entry, onMissing: 'reject', revision: 'auto' } : entry;
  const { reference, platform, handOut, workflow, onMissing, revision } = settings;
  return {
    name,
    template: parseImageTemplate(reference),
    platform: platform === undefined ? undefined : parsePlatform(platform),
    handOut,
    workflow,
    onMissing,
    revision,
  };
}
