/** The only file that constructs and connects the parts (design §7). */
import { setTimeout as delay } from 'node:timers/promises';
import { createAnswers } from '../answers/answer-service.ts';
import { createImageCache } from '../registry/digest-cache.ts';
import { createPinMemory } from '../answers/pin-memory.ts';
import { createRetryingProvider } from '../ci/retrying-provider.ts';
import { createSharedCall, type ShareCall } from '../replicas/shared-fetch.ts';
import { createSharedProvider } from '../replicas/shared-provider.ts';
import { createSharedRegistryClient } from '../replicas/shared-registry.ts';
import { createFreshnessStretch } from '../runs/adaptive-freshness.ts';
import { createCiProvider, type CiConnection } from '../ci/kinds.ts';
import { composeCiDispatcher } from './network.ts';
import { composeRegistries } from './registries.ts';
import { composeRuns, type Connection } from '../runs/repositories.ts';
import { composeStore, type ComposedStore } from './store.ts';
import { composeAuthenticator, tokenReader } from './token.ts';
import type { CiAuth, CiConnection as ConfiguredConnection, Config } from '../config/config.ts';
import type { Environment } from '../config/rules.ts';
import { createSecretReader } from '../secrets/secret.ts';
import { createApp } from '../http/app.ts';
import { createListen, listenError } from '../http/listen.ts';
import { createManagement } from '../http/management.ts';
import type { Logger } from '../log/logger.ts';
import { createMetrics } from '../metrics.ts';
import type { ProbingRegistryClient } from '../registry/client.ts';
import { parseReference } from '../image/reference.ts';
import type { CiInspector, CiProvider, Clock, UpstreamObserver } from '../resolve/ports.ts';
import { isNeverHandedOut } from '../resolve/never-handed-out.ts';
import { recall, type Remembered } from '../resolve/recall.ts';
import { resolveBranch, type Resolution } from '../resolve/resolve-branch.ts';
import type { BranchRequest } from '../resolve/types.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { World } from './runtime.ts';

/** Everything but HTTP. */
export interface Core {
  resolve(request: BranchRequest): Promise<Resolution>;
  recall(request: BranchRequest): Promise<Remembered>;
  isNeverHandedOut(request: BranchRequest, remembered: Remembered): Promise<boolean>;
  /** By the connection's name in the configuration. */
  readonly providers: ReadonlyMap<string, CiProvider>;
  /** By the connection's name, too. */
  readonly inspectors: ReadonlyMap<string, CiInspector>;
  readonly registries: ProbingRegistryClient;
}

const PAUSES = { delay: (ms: number) => delay(ms), random: Math.random };

/** No call upstream may use up the whole time that a caller waits: there must be some left for the one after it. */
const CALL_SHARE_OF_DEADLINE = 0.5;

/** @param store left out: nothing is remembered from before, and nothing is left behind */
export function composeCore(
  config: Config,
  world: World,
  { lastGood, exchange }: Pick<ComposedStore, 'lastGood' | 'exchange'> = { lastGood: createMemoryStore() },
): Core {
  const timeoutMs = config.server.deadlineMs * CALL_SHARE_OF_DEADLINE;
  const { now } = world;
  const share = exchange && createSharedCall({ exchange, now, delay: PAUSES.delay });
  const registries = composeRegistries(config, timeoutMs, world);
  const images = createImageCache({
    client: share === undefined ? registries : createSharedRegistryClient(registries, share),
    parseReference,
    freshFor: config.freshForMs,
    now,
  });
  const connections = new Map(
    [...config.ci].map(([name, connection]) => [
      name,
      composeConnection(connection, config, timeoutMs, world, share),
    ]),
  );
  const pins = createPinMemory();
  const runs = composeRuns({ projects: config.projects, connections, images, now });
  return {
    resolve: (request) => resolveBranch(request, { runs: runs(request), images, lastGood, pins }),
    recall: (request) => recall(request, lastGood, images),
    isNeverHandedOut: (request, remembered) =>
      isNeverHandedOut(request, remembered, { runs: runs(request), lastGood }),
    providers: new Map([...connections].map(([name, { provider }]) => [name, provider])),
    inspectors: new Map([...connections].map(([name, { inspector }]) => [name, inspector])),
    registries,
  };
}

/** One CI connection: one credential, one quota. */
function composeConnection(
  connection: ConfiguredConnection,
  { freshForMs, maxFreshForMs }: Config,
  timeoutMs: number,
  world: World,
  share: ShareCall | undefined,
): Connection & { readonly inspector: CiInspector } {
  const { now, observer } = world;
  const stretch = createFreshnessStretch(freshForMs, maxFreshForMs, now);
  observer.freshFor(connection.name, () => stretch.freshFor());
  let hasSkipped = false;
  const watching: UpstreamObserver = {
    requested: (host, status) => observer.requested(host, status),
    quota(name, remaining, limit, resetsAt) {
      stretch.observe(remaining, limit, resetsAt);
      observer.quota(name, remaining, limit, resetsAt);
    },
    skipped(name, count, problem) {
      observer.skipped?.(name, count, problem);
      if (!hasSkipped)
        world.warn(
          `${new URL(connection.url).host} lists a workflow run with ${problem} that cannot be read; such runs are skipped`,
        );
      hasSkipped = true;
    },
  };
  const dispatcher = composeCiDispatcher(connection, timeoutMs, world);
  const deps = { now, timeoutMs, observer: watching, dispatcher };
  const provider = createCiProvider(connectionOf(connection, world), deps);
  const retrying = createRetryingProvider(provider, PAUSES);
  const { name, url } = connection;
  const sharing = share && { share, scope: `${name} ${url}`, freshFor: () => stretch.freshFor(), now };
  return {
    provider: sharing ? createSharedProvider(retrying, sharing) : retrying,
    inspector: provider,
    stretch,
  };
}

function connectionOf({ auth, name, kind, url }: ConfiguredConnection, world: World): CiConnection {
  return { name, kind, url, auth: authOf(auth, world) };
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

/** Less than the 30 seconds after which Kubernetes kills; more when an answer may take longer, and its grace period with it. */
const STOP_WITHIN_MS = 25_000;
const STOP_MARGIN_MS = 5000;

/** The whole plugin. */
export interface Service {
  /**
   * @returns where it listens; of a host name with several addresses all, with commas between them
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
  /** As in `World`. */
  readonly elapsed?: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** Aborted when the process begins to stop. */
  readonly stopping: AbortSignal;
}

export function composeService(
  config: Config,
  { env, now, elapsed, logger, version, stopping }: ServiceWorld,
): Service {
  const metrics = createMetrics(version, now);
  const warn = (message: string) => logger.warn(message);
  const world: World = { env, now, elapsed, observer: metrics, warn };
  const store = composeStore(config.store, world, metrics, tokenReader(config.server.token, world));
  const core = composeCore(config, world, store);
  const authenticator = composeAuthenticator(config.server.token, world);
  const answers = createAnswers({
    resolve: async (request) => (await core.resolve(request)).decision,
    recall: (request) => core.recall(request),
    isNeverHandedOut: (request, remembered) => core.isNeverHandedOut(request, remembered),
    freshFor: config.freshForMs,
    deadline: config.server.deadlineMs,
    patience: config.server.patienceMs,
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
    answerWithinMs: config.server.deadlineMs,
    stopLimits: { withinMs: Math.max(STOP_WITHIN_MS, config.server.deadlineMs + STOP_MARGIN_MS) },
  });
  const management = createManagement({ notReady: () => authenticator.notReady(), stopping, metrics });
  return {
    core,
    async start() {
      await store.open();
      const listen = createListen((message) => logger.warn(message));
      const addresses = await Promise.allSettled([
        listen(app, config.server, 'server'),
        listen(management, config.management, 'management'),
      ]);
      const [server, aside] = addresses;
      if (server.status === 'fulfilled' && aside.status === 'fulfilled') {
        return { server: server.value, management: aside.value };
      }
      // One that listens already must not keep the process.
      await Promise.all([app.close(), management.close(), store.close()]);
      throw listenError(addresses);
    },
    async stop() {
      await app.close();
      await management.close();
      await store.close();
    },
  };
}
