/** Constructs a CI connection: one credential, one quota. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CiConnection } from '../ci/kind.ts';
import { selectKind } from '../ci/kinds.ts';
import { createRetryingGitHost, createRetryingProvider } from '../ci/retrying-provider.ts';
import type { ShareCall } from '../replicas/shared-fetch.ts';
import { createSharedGitHost } from '../replicas/shared-git-host.ts';
import { createSharedProvider } from '../replicas/shared-provider.ts';
import { createFreshnessStretch } from '../runs/adaptive-freshness.ts';
import { composeCiDispatcher } from './network.ts';
import type { Connection } from '../runs/repositories.ts';
import type { Config } from '../config/config.ts';
import type { World } from './runtime.ts';
import type { CiInspector } from '../ci/provider.ts';
import type { UpstreamObserver } from '../upstream/observer.ts';

export const PAUSES = { delay: (ms: number) => delay(ms), random: Math.random };

export interface ComposedConnection extends Connection {
  readonly inspector: CiInspector | undefined;
}

/** One connection: one credential, one quota. */
export function composeConnection(
  connection: CiConnection,
  { freshForMs, maxFreshForMs }: Config,
  timeoutMs: number,
  world: World,
  share: ShareCall | undefined,
): ComposedConnection {
  const { now, observer } = world;
  const kind = selectKind(connection.kind);
  const stretch = createFreshnessStretch(kind.freshForMs ?? freshForMs, maxFreshForMs, now);
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
  const client = kind.connect(connection, { ...world, timeoutMs, observer: watching, dispatcher });
  const provider = createRetryingProvider(client.provider, PAUSES);
  const gitHost = client.gitHost && createRetryingGitHost(client.gitHost, PAUSES);
  const { inspector } = client;
  if (share === undefined) return { provider, gitHost, inspector, stretch };
  const scope = `${connection.name} ${connection.url}`;
  return {
    provider: createSharedProvider(provider, { share, scope, freshFor: () => stretch.freshFor(), now }),
    gitHost: gitHost && createSharedGitHost(gitHost, share, scope),
    inspector,
    stretch,
  };
}
