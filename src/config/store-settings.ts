/** The store as the program uses it (`store`, design §3). */
import { parseDuration } from './duration.ts';
import type { ConfigDocument } from './schema.ts';

/** Durations are in milliseconds. */
export type StoreSettings =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite'; readonly path: string; readonly forgetAfterMs: number }
  | RedisSettings;

export interface RedisSettings {
  readonly kind: 'redis';
  readonly url: string;
  readonly password?:
    | { readonly kind: 'passwordFile'; readonly file: string }
    | { readonly kind: 'passwordEnv'; readonly env: string };
  readonly forgetAfterMs: number;
}

/** @param locate makes a path of the file one from the working directory */
export function createStoreSettings(
  store: ConfigDocument['store'],
  locate: (path: string) => string,
): StoreSettings {
  if (store.kind === 'memory') return store;
  const forgetAfterMs = parseDuration(store.forgetAfter);
  if (store.kind === 'sqlite') return { kind: 'sqlite', path: locate(store.path), forgetAfterMs };
  const { kind, url, passwordFile, passwordEnv } = store;
  return {
    kind,
    url,
    forgetAfterMs,
    ...(passwordFile !== undefined && { password: { kind: 'passwordFile', file: locate(passwordFile) } }),
    ...(passwordEnv !== undefined && { password: { kind: 'passwordEnv', env: passwordEnv } }),
  };
}
