/** Constructs the memory of what was handed out, and what replicas tell each other, as the configuration says. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RedisSettings, SqliteSettings, StoreSettings } from '../config/store-settings.ts';
import { createSecretReader, type SecretReader } from '../secrets/secret.ts';
import { parseTokens } from '../http/tokens.ts';
import type { LastGoodStore } from '../resolve/ports.ts';
import { createMemoryStore } from '../store/memory.ts';
import { createOutage, type Outage } from '../store/outage.ts';
import { connectRedis, type RedisConnection } from '../store/redis/connection.ts';
import { createRedisExchange } from '../replicas/redis-exchange.ts';
import { createRedisArchive, probeRedis } from '../store/redis/archive.ts';
import { ArchivedStore } from '../store/archived-store.ts';
import { createSignedExchange } from '../replicas/signed-exchange.ts';
import { LiveSqlite } from '../store/sqlite/live.ts';
import { probeSqliteFile } from '../store/sqlite/file.ts';
import type { World } from './runtime.ts';
import type { Exchange } from '../replicas/exchange.ts';
import type { StoreObserver } from '../store/archive.ts';

export interface ComposedStore {
  readonly lastGood: LastGoodStore;
  /** Undefined: there are no other replicas. */
  readonly exchange?: Exchange;
  /**
   * Opens the file, or gives a server a moment to answer; what that is not ready for is then taken from memory.
   * @throws ConfigError when the file cannot be opened, is not ours, or is another process's
   */
  open(): Promise<void>;
  close(): Promise<void>;
}

/** What was read from a file is still true after that; reading it again marks the answer as asked for. */
const READ_FILE_AGAIN_AFTER_MS = 3_600_000;
/** So long the start waits for a server. */
const CONNECT_WITHIN_MS = 1_000;
/** So long somebody who checks does: longer than one try to connect takes. */
const PROBE_WITHIN_MS = 2_500;

/** What was not written is tried again so often: a disk that is not full any more is written to at once. */
const CATCH_UP_EVERY_MS = 1_000;
/** A file that failed costs no time to try again; a server may. */
const LEAVE_FILE_ALONE_MS = 500;

/** @param readToken the plugin's own, which all replicas have: by it they know each other */
export function composeStore(
  settings: StoreSettings,
  world: World,
  observer: StoreObserver,
  readToken: SecretReader,
): ComposedStore {
  if (settings.kind === 'memory') return { lastGood: createMemoryStore(), open: doNothing, close: doNothing };
  return settings.kind === 'redis'
    ? composeRedis(settings, world, observer, readToken)
    : composeSqlite(settings, world, observer);
}

function composeSqlite(
  { path, forgetAfterMs: forgetAfter }: SqliteSettings,
  { now, elapsed, warn }: World,
  observer: StoreObserver,
): ComposedStore {
  const outage = createOutage({ now, warn, observer, longestMs: LEAVE_FILE_ALONE_MS });
  const archive = new LiveSqlite({ path, forgetAfter, now, ...(elapsed && { elapsed }), warn, delay });
  const lastGood = new ArchivedStore({ archive, outage, readAgainAfter: READ_FILE_AGAIN_AFTER_MS, now });
  const catchingUp = createCatchingUp(lastGood, outage);
  return {
    lastGood,
    async open() {
      await archive.open();
      catchingUp.start();
    },
    async close() {
      await catchingUp.stop();
      await archive.close();
    },
  };
}

interface CatchingUp {
  start(): void;
  /** Tries once more. */
  stop(): Promise<void>;
}

function createCatchingUp(store: ArchivedStore, outage: Outage): CatchingUp {
  let timer: NodeJS.Timeout | undefined;
  return {
    start() {
      timer = setInterval(() => void store.catchUp(), CATCH_UP_EVERY_MS).unref();
    },
    async stop() {
      if (timer === undefined) return;
      clearInterval(timer);
      // One that has begun may have given up.
      await store.catchUp();
      outage.retryNow();
      await store.catchUp();
    },
  };
}

function doNothing(): Promise<void> {
  return Promise.resolve();
}

function composeRedis(
  settings: RedisSettings,
  world: World,
  observer: StoreObserver,
  readToken: SecretReader,
): ComposedStore {
  const { now, warn } = world;
  const outage = createOutage({ now, warn, observer });
  const redis = connect(settings, world);
  const archive = createRedisArchive(redis, settings.forgetAfterMs);
  const lastGood = new ArchivedStore({ archive, outage, readAgainAfter: 0, now });
  const catchingUp = createCatchingUp(lastGood, outage);
  return {
    lastGood,
    exchange: createSignedExchange(createRedisExchange(redis, outage), () => parseTokens(readToken()).valid),
    async open() {
      await redis.untilConnected(CONNECT_WITHIN_MS);
      await outage.attempt('read', () => redis.send('PING'));
      catchingUp.start();
    },
    async close() {
      await catchingUp.stop();
      await archive.close();
    },
  };
}

/**
 * Whether the store can be used, as far as that can be tried without leaving anything behind or standing in a `serve`'s way.
 * @returns `empty`: there is none yet, and it could be made
 * @throws ConfigError or Error with one line
 */
export async function probeStore(settings: StoreSettings, world: World): Promise<'found' | 'empty'> {
  if (settings.kind === 'memory') return 'found';
  if (settings.kind === 'sqlite') return probeSqliteFile(settings.path);
  const redis = connect(settings, world);
  try {
    await redis.untilConnected(PROBE_WITHIN_MS);
    await probeRedis(redis);
    return 'found';
  } finally {
    await redis.close();
  }
}

function connect(settings: RedisSettings, world: World): RedisConnection {
  const readPassword = passwordReader(settings, world);
  return connectRedis({ url: settings.url, ...(readPassword && { readPassword }) });
}

function passwordReader({ password }: RedisSettings, world: World): SecretReader | undefined {
  if (password === undefined) return undefined;
  return password.kind === 'passwordFile'
    ? createSecretReader({ file: password.file }, world)
    : createSecretReader({ env: password.env, value: world.env[password.env] }, world);
}
