/** Constructs the whole plugin: store, core and servers. */
import { AnswerService } from '../answers/answer-service.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { createApp } from '../http/app.ts';
import { createManagement } from '../http/management.ts';
import { PluginServer } from '../http/plugin-server.ts';
import { createServerAuthenticator } from '../http/authenticate.ts';
import type { Logger } from '../log/logger.ts';
import { createMetrics } from '../metrics.ts';
import { createSecretReader } from '../secrets/secret.ts';
import { renderParameters } from '../wire/argocd/response.ts';
import { type Core, composeCore } from './core.ts';
import type { Runtime } from './runtime.ts';
import { composeStore } from './store.ts';

/** Kubernetes kills the process after 30 seconds, unless the pod has a longer grace period. */
const STOP_WITHIN_MS = 25_000;
const STOP_MARGIN_MS = 5000;

export interface Service extends Pick<PluginServer, 'start' | 'stop'> {
  readonly core: Core;
}

export interface ServiceRuntime {
  readonly env: NodeJS.ProcessEnv;
  readonly now: Clock;
  /** See `Runtime`. */
  readonly elapsed?: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** Aborted when shutdown begins. */
  readonly stopping: AbortSignal;
}

export function composeService(
  config: Config,
  { env, now, elapsed, logger, version, stopping }: ServiceRuntime,
): Service {
  const metrics = createMetrics(version, now);
  const warn = (message: string) => logger.warn(message);
  const runtime: Runtime = { env, now, elapsed, observer: metrics, warn };
  const { token, deadlineMs, patienceMs } = config.server;
  const store = composeStore(config.store, runtime, metrics, createSecretReader(token, runtime));
  const core = composeCore(config, runtime, store);
  const authenticator = createServerAuthenticator(token, runtime);
  const answers = new AnswerService({
    resolve: async (request) => (await core.resolve(request)).decision,
    recall: (request) => core.recall(request),
    isNeverHandedOut: (request, remembered) => core.isNeverHandedOut(request, remembered),
    render: renderParameters,
    freshFor: config.freshForMs,
    deadline: deadlineMs,
    patience: patienceMs,
    now,
    onDefect: (err) => logger.error({ err }, 'internal error in Greenpin, please report it'),
  });
  const app = createApp({
    authenticator,
    projects: config.projects,
    answers,
    observer: metrics,
    logger,
    now,
    answerWithinMs: deadlineMs,
    shutdownLimits: { withinMs: Math.max(STOP_WITHIN_MS, deadlineMs + STOP_MARGIN_MS) },
  });
  const management = createManagement({
    whyNotReady: () => authenticator.whyNotReady(),
    stopping,
    metrics,
  });
  const server = new PluginServer({ store, app, management, addresses: config, warn });
  return { core, start: () => server.start(), stop: () => server.stop() };
}
