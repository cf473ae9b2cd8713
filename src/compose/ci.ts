/** Constructs a CI connection: one credential, one quota. */
import { setTimeout as delay } from 'node:timers/promises';
import { createRetryingProvider } from '../ci/retrying-provider.ts';
import type { ShareCall } from '../replicas/shared-fetch.ts';
import { createSharedProvider } from '../replicas/shared-provider.ts';
import { createFreshnessStretch } from '../runs/adaptive-freshness.ts';
import { createConnectionObserver } from '../ci/connection-observer.ts';
import { createCiProvider, type CiConnection } from '../ci/kinds.ts';
import { composeCiDispatchers } from './network.ts';
import type { Connection } from '../runs/repositories.ts';
import { tokenReader } from './token.ts';
import type { CiAuth, CiConnection as ConfiguredConnection, Config } from '../config/config.ts';
import { createSecretReader } from '../secrets/secret.ts';
import type { World } from './runtime.ts';
import type { CiInspector } from '../ci/provider.ts';

/** How retries wait. */
export const RETRY_TIMING = { delay: (ms: number) => delay(ms), random: Math.random };

export function composeConnection(
  { name, kind, url, auth, tls }: ConfiguredConnection,
  { freshForMs, maxFreshForMs }: Config,
  timeoutMs: number,
  world: World,
  share: ShareCall | undefined,
): Connection & { readonly inspector: CiInspector } {
  const { now, warn } = world;
  const stretch = createFreshnessStretch(freshForMs, maxFreshForMs, now);
  const freshFor = () => stretch.freshFor();
  world.observer.freshFor(name, freshFor);
  const observer = createConnectionObserver(world.observer, {
    host: new URL(url).host,
    onQuota: (...quota) => stretch.observe(...quota),
    warn,
  });
  const dispatcherFor = composeCiDispatchers(tls, timeoutMs, world);
  const connection = { name, kind, url, auth: composeAuth(auth, world) };
  const provider = createCiProvider(connection, { now, timeoutMs, observer, dispatcherFor });
  const retrying = createRetryingProvider(provider, RETRY_TIMING);
  const sharing = share && { share, scope: `${name} ${url}`, freshFor, now };
  return {
    provider: sharing ? createSharedProvider(retrying, sharing) : retrying,
    inspector: provider,
    stretch,
  };
}

function composeAuth(auth: CiAuth, world: World): CiConnection['auth'] {
  switch (auth.kind) {
    case 'none':
      return auth;
    case 'app': {
      const { id, installationId, privateKeyFile: file } = auth;
      return { kind: 'app', id, installationId, readPrivateKey: createSecretReader({ file }, world) };
    }
    case 'tokenFile':
    case 'tokenEnv':
      return { kind: 'token', read: tokenReader(auth, world) };
  }
}
