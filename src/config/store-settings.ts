/** The store as the program uses it (`store`, design §3). */
import { join } from 'node:path';
import { parseDuration } from '../schema/duration.ts';
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
  readonly password?:
    | { readonly kind: 'passwordFile'; readonly file: string }
    | { readonly kind: 'passwordEnv'; readonly env: string };
  readonly forgetAfterMs: number;
}

const DATABASE = 'greenpin.db';

/**
 * @param locate makes a path of the file one from the working directory
 * @param stateDirectory where what must outlive the process lies on this machine, if its environment says so
 */
export function createStoreSettings(
  store: ConfigDocument['store'],
  locate: (path: string) => string,
  stateDirectory?: string,
): StoreSettings {
  if (store.kind === 'memory') return store;
  const forgetAfterMs = parseDuration(store.forgetAfter);
  if (store.kind === 'sqlite') {
    const path = stateDirectory === undefined ? locate(DATABASE) : join(stateDirectory, DATABASE);
    return { kind: 'sqlite', path: store.path === undefined ? path : locate(store.path), forgetAfterMs };
  }
  const { kind, url, passwordFile, passwordEnv } = store;
  return {
    kind,
    url,
    forgetAfterMs,
    ...(passwordFile !== undefined && { password: { kind: 'passwordFile', file: locate(passwordFile) } }),
    ...(passwordEnv !== undefined && { password: { kind: 'passwordEnv', env: passwordEnv } }),
  };
}
