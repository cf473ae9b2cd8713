/** Constructs the store of last good answers, and the channel between replicas, as the configuration says. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RedisSettings, SqliteSettings, StoreSettings } from '../store/settings.ts';
import { createSecretReader, type SecretReader } from '../secrets/secret.ts';
import { parseTokens } from '../http/tokens.ts';
import type { LastGoodStore } from '../resolve/ports.ts';
import { createMemoryStore } from '../store/memory.ts';
import { StoreBreaker } from '../store/store-breaker.ts';
import { connectRedis, type RedisConnection } from '../store/redis/connection.ts';
import { createRedisChannel } from '../replicas/redis-channel.ts';
import { createRedisArchive, probeRedis } from '../store/redis/archive.ts';
import { ArchivedStore } from '../store/archived-store.ts';
import { createSignedChannel } from '../replicas/signed-channel.ts';
import { LiveSqlite } from '../store/sqlite/live.ts';
import { probeSqliteFile } from '../store/sqlite/file.ts';
import type { Runtime } from './runtime.ts';
import type { ReplicaChannel } from '../replicas/replica-channel.ts';
import type { StoreObserver } from '../store/archive.ts';

export interface ComposedStore {
  readonly lastGood: LastGoodStore;
  /** Undefined if there are no other replicas. */
  readonly channel?: ReplicaChannel;
  /**
   * Opens the file, or waits briefly for the server; without it, the process starts with an empty memory.
   * @throws ConfigError if the file cannot be opened, is not ours, or is used by another process
   */
  open(): Promise<void>;
  close(): Promise<void>;
}

/** No other process writes to the file. Reading it again only marks the answer as used. */
const READ_FILE_AGAIN_AFTER_MS = 3_600_000;
/** How long start-up waits for Redis. */
const CONNECT_WITHIN_MS = 1_000;
/** How long `check` waits for Redis: long enough for one connection attempt. */
const PROBE_WITHIN_MS = 2_500;
/** Retrying a file is cheap, unlike a server. */
const LONGEST_FILE_PAUSE_MS = 500;

/** @param readToken reads the plugin's token, with which replicas authenticate each other */
export function composeStore(
  settings: StoreSettings,
  runtime: Runtime,
  observer: StoreObserver,
  readToken: SecretReader,
): ComposedStore {
  if (settings.kind === 'memory') return { lastGood: createMemoryStore(), open: doNothing, close: doNothing };
  return settings.kind === 'redis'
    ? composeRedis(settings, runtime, observer, readToken)
    : composeSqlite(settings, runtime, observer);
}

function composeSqlite(
  { path, forgetAfterMs: forgetAfter }: SqliteSettings,
  { now, elapsed, warn }: Runtime,
  observer: StoreObserver,
): ComposedStore {
  const outage = new StoreBreaker({ now, warn, observer, longestMs: LONGEST_FILE_PAUSE_MS });
  const archive = new LiveSqlite({ path, forgetAfter, now, elapsed, warn, delay });
  const lastGood = new ArchivedStore({ archive, outage, readAgainAfter: READ_FILE_AGAIN_AFTER_MS, now });
  return {
    lastGood,
    async open() {
      await archive.open();
      lastGood.start();
    },
    async close() {
      await lastGood.stop();
      await archive.close();
    },
  };
}

function doNothing(): Promise<void> {
  return Promise.resolve();
}

function composeRedis(
  settings: RedisSettings,
  runtime: Runtime,
  observer: StoreObserver,
  readToken: SecretReader,
): ComposedStore {
  const { now, warn } = runtime;
  const outage = new StoreBreaker({ now, warn, observer });
  const redis = connect(settings, runtime);
  const archive = createRedisArchive(redis, settings.forgetAfterMs);
  const lastGood = new ArchivedStore({ archive, outage, readAgainAfter: 0, now });
  return {
    lastGood,
    channel: createSignedChannel(createRedisChannel(redis, outage), () => parseTokens(readToken()).valid),
    async open() {
      await redis.untilConnected(CONNECT_WITHIN_MS);
      await outage.attempt('read', () => redis.send('PING'));
      lastGood.start();
    },
    async close() {
      await lastGood.stop();
      await archive.close();
    },
  };
}

/**
 * Tests the store without leaving anything behind or disturbing a running `serve`.
 * @returns `empty` if it does not exist yet but could be created
 * @throws ConfigError or Error with one line
 */
export async function probeStore(settings: StoreSettings, runtime: Runtime): Promise<'found' | 'empty'> {
  if (settings.kind === 'memory') return 'found';
  if (settings.kind === 'sqlite') return probeSqliteFile(settings.path);
  const redis = connect(settings, runtime);
  try {
    await redis.untilConnected(PROBE_WITHIN_MS);
    await probeRedis(redis);
    return 'found';
  } finally {
    await redis.close();
  }
}

function connect(settings: RedisSettings, runtime: Runtime): RedisConnection {
  const readPassword = settings.password && createSecretReader(settings.password, runtime);
  return connectRedis({ url: settings.url, readPassword });
}
