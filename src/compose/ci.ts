/** Constructs a CI connection: one credential, one quota. */
import { setTimeout as delay } from 'node:timers/promises';
import { createRetryingProvider } from '../ci/retrying-provider.ts';
import type { ShareCall } from '../replicas/shared-fetch.ts';
import { createSharedProvider } from '../replicas/shared-provider.ts';
import { createFreshnessStretch } from '../runs/adaptive-freshness.ts';
import { createCiProvider, type CiConnection } from '../ci/kinds.ts';
import { composeCiDispatcher } from './network.ts';
import type { Connection } from '../runs/repositories.ts';
import type { CiAuth, CiConnection as ConfiguredConnection, Config } from '../config/config.ts';
import { createSecretReader } from '../secrets/secret.ts';
import type { Runtime } from './runtime.ts';
import type { CiInspector } from '../ci/provider.ts';
import type { UpstreamObserver } from '../upstream/observer.ts';

export const PAUSES = { delay: (ms: number) => delay(ms), random: Math.random };

/** One CI connection: one credential, one quota. */
export function composeConnection(
  connection: ConfiguredConnection,
  { freshForMs, maxFreshForMs }: Config,
  timeoutMs: number,
  world: Runtime,
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

function connectionOf({ auth, name, kind, url }: ConfiguredConnection, world: Runtime): CiConnection {
  return { name, kind, url, auth: authOf(auth, world) };
}

function authOf(auth: CiAuth, world: Runtime): CiConnection['auth'] {
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
      return { kind: 'token', read: createSecretReader(auth, world) };
  }
}
