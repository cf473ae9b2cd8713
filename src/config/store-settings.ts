/** The settings of the store as the program uses them. */
import { join } from 'node:path';
import { parseDuration } from '../schema/duration.ts';
import { createSecretSource, type SecretSource } from '../secrets/secret.ts';
import type { ConfigDocument } from './schema.ts';

/** Durations are in milliseconds. */
export type StoreSettings = { readonly kind: 'memory' } | SqliteSettings | RedisSettings;

export interface SqliteSettings {
  readonly kind: 'sqlite';
  readonly path: string;
  readonly forgetAfterMs: number;
}

export interface RedisSettings {
  readonly kind: 'redis';
  readonly url: string;
  readonly password?: SecretSource | undefined;
  readonly forgetAfterMs: number;
}

const DATABASE = 'greenpin.db';

/**
 * @param locate resolves a path of the configuration file
 * @param stateDirectory the folder for persistent state, if the environment names one
 */
export function createStoreSettings(
  store: ConfigDocument['store'],
  locate: (path: string) => string,
  stateDirectory: string | undefined,
): StoreSettings {
  if (store.kind === 'memory') return store;
  const forgetAfterMs = parseDuration(store.forgetAfter);
  if (store.kind === 'sqlite') {
    const path = stateDirectory ? join(stateDirectory, DATABASE) : locate(DATABASE);
    return { kind: 'sqlite', path: store.path === undefined ? path : locate(store.path), forgetAfterMs };
  }
  const { kind, url, passwordFile, passwordEnv } = store;
  return { kind, url, forgetAfterMs, password: createSecretSource(passwordFile, passwordEnv, locate) };
}
