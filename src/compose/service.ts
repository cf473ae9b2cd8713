/** The whole plugin: its servers, its core and its store. */
import { AnswerService } from '../answers/answer-service.ts';
import { composeStore } from './store.ts';
import { composeAuthenticator, tokenReader } from './token.ts';
import type { Config } from '../config/config.ts';
import { createApp } from '../http/app.ts';
import { createListen, joinListenErrors } from '../http/listen.ts';
import { createManagement } from '../http/management.ts';
import type { Logger } from '../log/logger.ts';
import { createMetrics } from '../metrics.ts';
import type { Runtime } from './runtime.ts';
import type { Clock } from '../clock.ts';
import { type Core, composeCore } from './core.ts';
import { renderParameters } from '../wire/argocd/response.ts';

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
  readonly env: NodeJS.ProcessEnv;
  readonly now: Clock;
  /** As in `Runtime`. */
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
  const runtime: Runtime = { env, now, elapsed, observer: metrics, warn };
  const store = composeStore(config.store, runtime, metrics, tokenReader(config.server.token, runtime));
  const core = composeCore(config, runtime, store);
  const authenticator = composeAuthenticator(config.server.token, runtime);
  const answers = new AnswerService({
    resolve: async (request) => (await core.resolve(request)).decision,
    recall: (request) => core.recall(request),
    isNeverHandedOut: (request, remembered) => core.isNeverHandedOut(request, remembered),
    render: renderParameters,
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
    shutdownLimits: { withinMs: Math.max(STOP_WITHIN_MS, config.server.deadlineMs + STOP_MARGIN_MS) },
  });
  const management = createManagement({ whyNotReady: () => authenticator.whyNotReady(), stopping, metrics });
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
      throw joinListenErrors(addresses);
    },
    async stop() {
      await app.close();
      await management.close();
      await store.close();
    },
  };
}
