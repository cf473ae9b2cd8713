/**
 * A connection to Redis or Valkey that connects and reconnects in the background. The client is the core of
 * node-redis (`@redis/client`), which Redis maintains and which has no dependencies.
 */
import { createClient, type RedisArgument, type RespVersions } from '@redis/client';
import { Latency } from '../../resilience/latency.ts';
import { settledWithin, withDeadline } from '../../resilience/deadline.ts';

/** The longest time that an answer waits for the store, in milliseconds. */
const COMMAND_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_DELAY_MS = 5_000;
/** Pings detect a connection that has died silently. */
const PING_EVERY_MS = 5_000;
const SOCKET_TIMEOUT_MS = 12_000;
/** Version 2 also works with servers and proxies that lack RESP3. */
const RESP: RespVersions = 2;

export interface RedisConnectionOptions {
  /** `redis://redis:6379/0`, without a password. */
  readonly url: string;
  /** Called for each connection, so that a changed password is used. Throws if it cannot be read. */
  readonly readPassword?: (() => string) | undefined;
}

export interface RedisConnection {
  /** Runs a command. @throws Error, with the server's name and the cause, if it fails or times out */
  send(...command: readonly RedisArgument[]): Promise<unknown>;
  /** True if all recent commands took longer than a nearby registry would. */
  isSlow(): boolean;
  /** Resolves when connected, or after `timeoutMs` milliseconds. */
  untilConnected(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

export function connectRedis({ url, readPassword }: RedisConnectionOptions): RedisConnection {
  const { host, username } = new URL(url);
  let problem: string | undefined = 'not connected yet';
  const latency = new Latency(() => performance.now());
  const client = createClient({
    url,
    RESP,
    name: 'greenpin',
    disableOfflineQueue: true,
    pingInterval: PING_EVERY_MS,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      reconnectStrategy: (retries) => Math.min(100 * 2 ** Math.min(retries, 10), MAX_RECONNECT_DELAY_MS),
    },
    ...(readPassword && {
      credentialsProvider: {
        type: 'async-credentials-provider',
        credentials: async () => ({ ...(username !== '' && { username }), password: readPassword() }),
      },
    }),
  });
  const connected = new Promise<void>((resolve) => client.once('ready', () => resolve()));
  client.on('ready', () => (problem = undefined));
  client.on('error', (error) => (problem = describe(error)));
  // The client keeps trying and reports errors as events.
  client.connect().catch((error: unknown) => (problem = describe(error)));

  return {
    send(...command) {
      const startedAt = performance.now();
      return withDeadline(
        COMMAND_TIMEOUT_MS,
        () => new TimeoutError(),
        () => client.sendCommand([...command]),
      )
        .catch((error: unknown) => {
          // No `cause`, since the server's text may repeat its input, including the password.
          throw new Error(`Redis at ${host}: ${(client.isReady ? undefined : problem) ?? describe(error)}`);
        })
        .finally(() => latency.answered(startedAt));
    },
    isSlow: () => latency.isSlow(),
    untilConnected: (timeoutMs) => settledWithin(timeoutMs, connected),
    async close() {
      const closing = client.isReady ? client.close().catch(() => undefined) : Promise.resolve();
      await settledWithin(COMMAND_TIMEOUT_MS, closing);
      if (client.isOpen) client.destroy();
    },
  };
}

class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** @returns one stable line */
function describe(error: unknown): string {
  if (error instanceof AggregateError) return describe(error.errors[0]);
  if (!(error instanceof Error)) return 'an unknown error';
  if (error instanceof TimeoutError) return 'no answer in time';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // Only the first word of the server's text, such as `WRONGPASS` or `NOAUTH`: the rest may hold secrets.
  return code ?? (/^[A-Z]+\b/.exec(error.message)?.[0] || error.name);
}
