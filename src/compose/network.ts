/** Constructs the ways to upstream: proxies of the environment, authorities and client certificates of the configuration. */
import type { Dispatcher } from 'undici';
import type { CiConnection, RegistrySettings } from '../config/config.ts';
import { createTlsReader } from '../secrets/tls-reader.ts';
import { createDispatchers, createRoutingDispatcher, type DispatcherFor } from '../upstream/dispatchers.ts';
import { createHostDispatchers } from '../upstream/host-dispatchers.ts';
import { createProxies } from '../upstream/proxies.ts';
import { apiHost, foldRegistry } from '../image/reference.ts';
import type { Runtime } from './runtime.ts';

/** Of one host at one time; registries limit connections more often than they say. */
export const MAX_REGISTRY_CONNECTIONS = 50;

/** Under GitHub's limit of 100 concurrent requests (a secondary rate limit). */
const MAX_CI_CONNECTIONS = 64;

/** @throws ConfigError when a proxy's variable is not a proxy's URL */
export function composeCiDispatcher(
  { tls }: CiConnection,
  timeoutMs: number,
  { env, warn }: Runtime,
): Dispatcher {
  const proxyFor = createProxies(env);
  const readTls = tls && createTlsReader(tls, { warn });
  return createRoutingDispatcher(
    createDispatchers({
      proxyFor,
      connections: MAX_CI_CONNECTIONS,
      timeoutMs,
      ...(readTls !== undefined && { readTls }),
    }),
  );
}

/** @throws ConfigError when a proxy's variable is not a proxy's URL */
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
