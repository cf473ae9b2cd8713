/** Constructs the registry client; on its own, since `greenpin digest` needs nothing else. */
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { composeRegistryDispatchers, MAX_REGISTRY_CONNECTIONS } from './network.ts';
import type { Config } from '../config/config.ts';
import type { RegistrySettings } from '../registry/settings.ts';
import { HttpRegistryClient, type ProbingRegistryClient } from '../registry/client.ts';
import { createCredentialStore, type ConfiguredLogin } from '../registry/credentials/credential-store.ts';
import { createIdentity, type Identity } from '../registry/credentials/cloud/identity.ts';
import type { FileAccess } from '../secrets/watched-file.ts';
import type { Runtime } from './runtime.ts';

/** @throws ConfigError if a proxy variable is not a proxy's URL */
export function composeRegistries(
  { registries, dockerConfigFiles }: Pick<Config, 'registries' | 'dockerConfigFiles'>,
  timeoutMs: number,
  runtime: Runtime,
): ProbingRegistryClient {
  const { env, now, observer, warn } = runtime;
  const dispatcherFor = composeRegistryDispatchers(registries.values(), timeoutMs, runtime);
  const files: FileAccess = { readFile: (path) => readFile(path, 'utf8'), stat };
  const identities = new Map(
    [...registries.values()].flatMap(({ host, identity }) =>
      identity === undefined
        ? []
        : [[host, createIdentity(host, identity, { env, files, now, timeoutMs, warn })] as const],
    ),
  );
  const credentialFor = createCredentialStore({
    registries: Object.fromEntries(
      [...registries.values()].map((entry) => [entry.host, loginOf(entry, identities.get(entry.host))]),
    ),
    dockerConfigFiles,
    files,
    readEnvironment: (name) => env[name],
    now,
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

function loginOf({ credentials }: RegistrySettings, identity: Identity | undefined): ConfiguredLogin {
  if (identity !== undefined) return { identity };
  if (credentials === undefined) return {};
  const { username, password } = credentials;
  return 'file' in password
    ? { username, passwordFile: password.file }
    : { username, passwordEnv: password.env };
}
