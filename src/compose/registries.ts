/** Constructs the registry client separately, since `greenpin digest` needs nothing else. */
import { setTimeout as delay } from 'node:timers/promises';
import { composeRegistryDispatchers, MAX_REGISTRY_CONNECTIONS } from './network.ts';
import type { Config } from '../config/config.ts';
import { HttpRegistryClient } from '../registry/client.ts';
import { createCredentialStore } from '../registry/credentials/credential-store.ts';
import { createIdentity } from '../registry/credentials/cloud/identity.ts';
import type { Runtime } from './runtime.ts';

/** @throws ConfigError if a proxy variable is not a proxy's URL */
export function composeRegistries(
  { registries, dockerConfigFiles }: Pick<Config, 'registries' | 'dockerConfigFiles'>,
  timeoutMs: number,
  runtime: Runtime,
): HttpRegistryClient {
  const { env, now, observer, warn } = runtime;
  const dispatcherFor = composeRegistryDispatchers(registries.values(), timeoutMs, runtime);
  const identities = new Map(
    [...registries.values()].flatMap(({ host, identity }) =>
      identity === undefined
        ? []
        : [[host, createIdentity(host, identity, { env, now, timeoutMs, warn })] as const],
    ),
  );
  const credentialFor = createCredentialStore({
    registries: Object.fromEntries(
      [...registries.values()].map(({ host, credentials }) => [
        host,
        { identity: identities.get(host), login: credentials },
      ]),
    ),
    dockerConfigFiles,
    env,
    warn,
  });
  return new HttpRegistryClient({
    registries: Object.fromEntries([...registries.values()].map(({ host, http }) => [host, { http }])),
    credentialFor,
    forgetCredential: (refused) => [...identities.values()].some((identity) => identity.forget(refused)),
    dispatcherFor,
    maxConcurrent: MAX_REGISTRY_CONNECTIONS,
    timeoutMs,
    observer,
    now,
    random: Math.random,
    delay: (ms) => delay(ms),
  });
}
