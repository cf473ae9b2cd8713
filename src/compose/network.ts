/** Constructs connection pools: the environment's proxies, the configuration's certificates. */
import type { CiConnection } from '../ci/kind.ts';
import type { RegistrySettings } from '../config/config.ts';
import { createTlsReader } from '../secrets/tls-files.ts';
import { createDispatchers, type DispatcherFor } from '../upstream/dispatchers.ts';
import { createHostDispatchers } from '../upstream/host-dispatchers.ts';
import { createProxies } from '../upstream/proxies.ts';
import { apiHost, foldRegistry } from '../image/reference.ts';
import type { Runtime } from './runtime.ts';

/** Maximum connections per host. Registries often enforce limits that they do not document. */
export const MAX_REGISTRY_CONNECTIONS = 50;

/** Below GitHub's limit of 100 concurrent requests (a secondary rate limit), the strictest one documented. */
const MAX_CI_CONNECTIONS = 64;

/** @throws ConfigError if a proxy variable is not a proxy's URL */
export function composeCiDispatchers(
  tls: CiConnection['tls'],
  timeoutMs: number,
  { env, warn }: Runtime,
): DispatcherFor {
  return createDispatchers({
    proxyFor: createProxies(env),
    connections: MAX_CI_CONNECTIONS,
    timeoutMs,
    readTls: tls && createTlsReader(tls, { warn }),
  });
}

/** @throws ConfigError if a proxy variable is not a proxy's URL */
export function composeRegistryDispatchers(
  registries: Iterable<RegistrySettings>,
  timeoutMs: number,
  { env, warn }: Runtime,
): DispatcherFor {
  const tls = [...registries].flatMap(({ host, tls: files }) =>
    files === undefined
      ? []
      : [[new URL(`https://${apiHost(foldRegistry(host))}`).host, createTlsReader(files, { warn })] as const],
  );
  return createHostDispatchers(new Map(tls), {
    proxyFor: createProxies(env),
    connections: MAX_REGISTRY_CONNECTIONS,
    timeoutMs,
  });
}
