/** The only file that constructs and connects the parts (design §7). */
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent } from 'undici';
import { createAnswers } from './cache/answers.ts';
import { createImageCache } from './cache/image-cache.ts';
import { createRetryingProvider } from './cache/retrying-provider.ts';
import { createRunIndex } from './cache/run-index.ts';
import { createFreshnessStretch, type FreshnessStretch } from './cache/stretch.ts';
import { createCiProvider, type CiConnection } from './ci/providers.ts';
import type {
  CiAuth,
  CiConnection as ConfiguredConnection,
  Config,
  RegistrySettings,
  TokenSource,
} from './config/config.ts';
import type { Environment } from './config/rules.ts';
import { createSecretReader, type SecretReader } from './config/secret.ts';
import { ConfigError } from './errors.ts';
import { createApp } from './http/app.ts';
import { createAuthenticator } from './http/authenticate.ts';
import { createManagement } from './http/management.ts';
import type { Logger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { createRegistryClient, type ProbingRegistryClient } from './registry/client.ts';
import { createCredentialStore, type ConfiguredLogin } from './registry/credential-store.ts';
import { parseReference } from './registry/reference.ts';
import type { CiProvider, Clock, RunSource, UpstreamObserver } from './resolve/ports.ts';
import { lastGoodKey, resolveBranch, type Resolution } from './resolve/resolve-branch.ts';
import type { BranchRequest, LastGood, Project } from './resolve/types.ts';
import { createMemoryStore } from './store/memory.ts';

/** What the parts need of the world around the process. */
export interface World {
  readonly env: Environment;
  readonly now: Clock;
  readonly observer: UpstreamObserver;
  /** Told in one line what is wrong but stops nothing. */
  readonly warn: (message: string) => void;
}

/** Everything but HTTP. */
export interface Core {
  resolve(request: BranchRequest): Promise<Resolution>;
  recall(request: BranchRequest): Promise<LastGood | undefined>;
  /** By the connection's name in the configuration. */
  readonly providers: ReadonlyMap<string, CiProvider>;
  readonly registries: ProbingRegistryClient;
}

const PAUSES = { delay: (ms: number) => delay(ms), random: Math.random };

/** No call upstream may use up the whole time that a caller waits: there must be some left for the one after it. */
const CALL_SHARE_OF_DEADLINE = 0.5;

export function composeCore(config: Config, world: World): Core {
  const timeoutMs = config.server.deadlineMs * CALL_SHARE_OF_DEADLINE;
  const { now } = world;
  const registries = composeRegistries(config, timeoutMs, world);
  const images = createImageCache({
    client: registries,
    parseReference,
    freshFor: config.freshForMs,
    now,
  });
  const connections = new Map(
    [...config.ci].map(([name, connection]) => [
      name,
      composeConnection(connection, config, timeoutMs, world),
    ]),
  );
  const runs = composeRuns(config, connections, now);
  const lastGood = createMemoryStore();
  return {
    resolve: (request) => resolveBranch(request, { runs: runs(request), images, lastGood }),
    recall: (request) => lastGood.get(lastGoodKey(request)),
    providers: new Map([...connections].map(([name, { provider }]) => [name, provider])),
    registries,
  };
}

interface Connection {
  readonly provider: CiProvider;
  readonly stretch: FreshnessStretch;
}

/** One CI connection: one credential, one quota. */
function composeConnection(
  connection: ConfiguredConnection,
  { freshForMs, maxFreshForMs }: Config,
  timeoutMs: number,
  world: World,
): Connection {
  const { now, observer } = world;
  const stretch = createFreshnessStretch(freshForMs, maxFreshForMs);
  const watching: UpstreamObserver = {
    requested: (host, status) => observer.requested(host, status),
    quota(name, remaining, limit) {
      stretch.observe(remaining, limit);
      observer.quota(name, remaining, limit);
    },
  };
  const provider = createCiProvider(connectionOf(connection, world), { now, timeoutMs, observer: watching });
  return { provider: createRetryingProvider(provider, PAUSES), stretch };
}

/** One index for each CI connection and Git repository, however many projects share it. */
function composeRuns(
  { projects }: Config,
  connections: ReadonlyMap<string, Connection>,
  now: Clock,
): (request: BranchRequest) => RunSource {
  const indexes = new Map<string, RunSource>();
  for (const project of projects.values()) {
    const { ci, gitRepository } = project;
    const connection = connections.get(ci);
    const key = indexKey(project);
    if (connection === undefined || indexes.has(key)) continue;
    const { provider, stretch } = connection;
    indexes.set(key, createRunIndex({ provider, gitRepository, freshFor: () => stretch.freshFor(), now }));
  }
  return ({ project }) => {
    const index = indexes.get(indexKey(project));
    if (index === undefined) throw new RangeError(`project ${project.name} has no CI connection`);
    return index;
  };
}

/** Of one host at one time; registries limit connections more often than they say. */
const MAX_REGISTRY_CONNECTIONS = 32;

/** GitHub's names are case-insensitive: two spellings must not cost two listings. */
function indexKey({ ci, gitRepository }: Project): string {
  return JSON.stringify([ci, gitRepository.toLowerCase()]);
}

/** The registries by themselves, for the command that needs nothing else. */
export function composeRegistries(
  { registries, dockerConfigFiles }: Pick<Config, 'registries' | 'dockerConfigFiles'>,
  timeoutMs: number,
  { env, now, observer, warn }: World,
): ProbingRegistryClient {
  const agent = new Agent({ connections: MAX_REGISTRY_CONNECTIONS });
  const credentialFor = createCredentialStore({
    registries: Object.fromEntries([...registries.values()].map((entry) => [entry.host, loginOf(entry)])),
    dockerConfigFiles,
    files: { readFile: (path) => readFile(path, 'utf8'), stat },
    readEnvironment: (name) => env[name],
    now,
    warn,
  });
  return createRegistryClient({
    registries: Object.fromEntries(
      [...registries.values()].map(({ host, http }) => [host, http === undefined ? {} : { http }]),
    ),
    credentialFor,
    dispatcherFor: () => agent,
    maxConcurrent: MAX_REGISTRY_CONNECTIONS,
    timeoutMs,
    observer,
    now,
    ...PAUSES,
  });
}

function loginOf({ credentials }: RegistrySettings): ConfiguredLogin {
  if (credentials === undefined) return {};
  const { username, password } = credentials;
  return password.kind === 'passwordFile'
    ? { username, passwordFile: password.file }
    : { username, passwordEnv: password.env };
}

function connectionOf({ auth, ...connection }: ConfiguredConnection, world: World): CiConnection {
  return { ...connection, auth: authOf(auth, world) };
}

function authOf(auth: CiAuth, world: World): CiConnection['auth'] {
  switch (auth.kind) {
    case 'none':
      return auth;
    case 'app': {
      const { id, installationId, privateKeyFile } = auth;
      return {
        kind: 'app',
        id,
        installationId,
        readPrivateKey: createSecretReader({ file: privateKeyFile }, world),
      };
    }
    case 'tokenFile':
    case 'tokenEnv':
      return { kind: 'token', read: tokenReader(auth, world) };
  }
}

function tokenReader(source: TokenSource, world: World): SecretReader {
  return source.kind === 'tokenFile'
    ? createSecretReader({ file: source.file }, world)
    : createSecretReader({ env: source.env, value: world.env[source.env] }, world);
}

/** The whole plugin. */
export interface Service {
  /**
   * @returns where it listens
   * @throws ConfigError when an address cannot be listened on
   */
  start(): Promise<{ readonly server: string; readonly management: string }>;
  /** Lets the calls in flight finish. */
  stop(): Promise<void>;
  readonly core: Core;
}

export interface ServiceWorld {
  readonly env: Environment;
  readonly now: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** Aborted when the process begins to stop. */
  readonly stopping: AbortSignal;
}

export function composeService(
  config: Config,
  { env, now, logger, version, stopping }: ServiceWorld,
): Service {
  const metrics = createMetrics(version);
  const world: World = { env, now, observer: metrics, warn: (message) => logger.warn(message) };
  const core = composeCore(config, world);
  const readToken = tokenReader(config.server.token, world);
  const authenticator = createAuthenticator(() => optional(readToken));
  const answers = createAnswers({
    resolve: async (request) => (await core.resolve(request)).decision,
    recall: (request) => core.recall(request),
    freshFor: config.freshForMs,
    deadline: config.server.deadlineMs,
    now,
    onDefect: (err) => logger.error({ err }, 'a defect of Greenpin; please report it'),
  });
  const app = createApp({
    authenticator,
    projects: config.projects,
    answers,
    observer: metrics,
    logger,
    now,
  });
  const management = createManagement({ notReady: () => authenticator.notReady(), stopping, metrics });
  return {
    core,
    async start() {
      const [server, aside] = await Promise.all([
        listen(app, config.server, 'server'),
        listen(management, config.management, 'management'),
      ]);
      return { server, management: aside };
    },
    async stop() {
      await app.close();
      await management.close();
    },
  };
}

/** A secret that cannot be read now is none; the reader has told why. */
function optional(read: SecretReader): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

interface Listener {
  listen(address: { host: string; port: number }): Promise<string>;
}

async function listen(
  app: Listener,
  { host, port }: { host: string; port: number },
  key: string,
): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const found = LISTEN_FAILURES.get(code) ?? `an address that cannot be listened on (${code})`;
    throw new ConfigError([`${key}: found ${found} at ${host}:${port}, expected a free one`], {
      cause: error,
    });
  }
}

const LISTEN_FAILURES = new Map([
  ['EADDRINUSE', 'another process'],
  ['EACCES', 'a port that this user may not use'],
  ['EADDRNOTAVAIL', 'an address that this machine does not have'],
  ['ENOTFOUND', 'a host name that does not resolve'],
]);
