/** Constructs a CI connection: one credential, one quota. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CiConnection } from '../ci/kind.ts';
import { selectKind } from '../ci/kinds.ts';
import { createPushProvider } from '../ci/push-provider.ts';
import {
  createRetryingGitHost,
  createRetryingProvider,
  createRetryingStatuses,
} from '../ci/retrying-provider.ts';
import type { SharedFetch } from '../replicas/shared-fetch.ts';
import { createSharedGitHost } from '../replicas/shared-git-host.ts';
import { createSharedProvider } from '../replicas/shared-provider.ts';
import { createSharedStatuses } from '../replicas/shared-statuses.ts';
import { AdaptiveFreshness } from '../runs/adaptive-freshness.ts';
import { createConnectionObserver } from '../ci/connection-observer.ts';
import { composeCiDispatchers } from './network.ts';
import type { Connection } from '../runs/repositories.ts';
import type { Config } from '../config/config.ts';
import type { Project } from '../resolve/types.ts';
import type { Runtime } from './runtime.ts';
import type { CiInspector } from '../ci/provider.ts';

/** How retries wait. */
export const RETRY_TIMING = { delay: (ms: number) => delay(ms), random: Math.random };

export interface ComposedConnection extends Connection {
  readonly inspector: CiInspector | undefined;
}

/** @returns milliseconds: the shortest `freshFor` of the projects that have their own, and the default */
export function shortestFreshFor(projects: readonly Project[], byDefault: number): number {
  return Math.min(byDefault, ...projects.flatMap(({ freshForMs }) => freshForMs ?? []));
}

export function composeConnection(
  connection: CiConnection,
  { freshForMs, maxFreshForMs, projects }: Config,
  timeoutMs: number,
  runtime: Runtime,
  share: SharedFetch | undefined,
): ComposedConnection {
  const { name, url, tls } = connection;
  const { now, warn } = runtime;
  const kind = selectKind(connection.kind);
  const shortestMs = Math.min(Math.max(freshForMs, kind.freshForMs ?? 0), maxFreshForMs);
  const freshness = new AdaptiveFreshness(shortestMs, maxFreshForMs, now);
  const freshFor = () => freshness.freshFor();
  runtime.observer.freshFor(name, freshFor);
  const observer = createConnectionObserver(runtime.observer, {
    host: new URL(url).host,
    onQuota: (...quota) => freshness.observe(...quota),
    warn,
  });
  const dispatcherFor = composeCiDispatchers(tls, timeoutMs, runtime);
  const client = kind.connect(connection, { ...runtime, timeoutMs, observer, dispatcherFor });
  const provider = createRetryingProvider(client.provider, RETRY_TIMING);
  const gitHost = client.gitHost && createRetryingGitHost(client.gitHost, RETRY_TIMING);
  const statuses = client.statuses && createRetryingStatuses(client.statuses, RETRY_TIMING);
  const pushes =
    client.pushLog && createRetryingProvider(createPushProvider(client.pushLog, provider), RETRY_TIMING);
  const { inspector } = client;
  if (share === undefined) return { provider, gitHost, statuses, pushes, inspector, freshness };
  const scope = `${name} ${url}`;
  const own = [...projects.values()].filter(({ ci, git }) => ci === name || git === name);
  const options = {
    share,
    scope,
    freshFor: () => freshness.freshFor(shortestFreshFor(own, shortestMs)),
    now,
  };
  return {
    provider: createSharedProvider(provider, options),
    gitHost: gitHost && createSharedGitHost(gitHost, share, scope),
    statuses: statuses && createSharedStatuses(statuses, options),
    pushes: pushes && createSharedProvider(pushes, { ...options, scope: `${scope} pushes` }),
    inspector,
    freshness,
  };
}
