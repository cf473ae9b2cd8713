/**
 * A connection to Redis or Valkey, in the background. The client is node-redis' core (`@redis/client`): it is the one that Redis
 * itself keeps, and has no dependencies.
 */
import { createClient, type RedisArgument, type RespVersions } from '@redis/client';
import { Latency } from '../../resilience/latency.ts';
import { settledWithin, withDeadline } from '../../resilience/deadline.ts';

/** Milliseconds that an answer waits for the store at most. */
const COMMAND_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 2_000;
const SLOWEST_RECONNECT_MS = 5_000;
/** A connection that has gone dead without a word is noticed by a ping that is not answered. */
const PING_EVERY_MS = 5_000;
const SILENCE_MS = 12_000;
/** Works with servers and proxies that do not know RESP3. */
const RESP: RespVersions = 2;

export interface RedisConnectionOptions {
  /** Without a password: `redis://redis:6379/0`. */
  readonly url: string;
  /** Read at each connection, so that a new password is taken up. Throws when there is none to be read. */
  readonly readPassword?: () => string;
}

export interface RedisConnection {
  /** Runs a command. @throws Error when it has not come to its end in time, with the server's name and what is wrong */
  send(...command: readonly RedisArgument[]): Promise<unknown>;
  /** Every command of late took longer than a registry nearby does. */
  isSlow(): boolean;
  /** @returns when it is connected, or after so many milliseconds */
  untilConnected(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

export function connectRedis({ url, readPassword }: RedisConnectionOptions): RedisConnection {
  const { host, username } = new URL(url);
  let trouble: string | undefined = 'not connected yet';
  const latency = new Latency(elapsed);
  const client = createClient({
    url,
    RESP,
    name: 'greenpin',
    disableOfflineQueue: true,
    pingInterval: PING_EVERY_MS,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (retries) => Math.min(100 * 2 ** Math.min(retries, 10), SLOWEST_RECONNECT_MS),
    },
    ...(readPassword && {
      credentialsProvider: {
        type: 'async-credentials-provider',
        credentials: async () => ({ ...(username !== '' && { username }), password: readPassword() }),
      },
    }),
  });
  const connected = new Promise<void>((resolve) => client.once('ready', () => resolve()));
  client.on('ready', () => (trouble = undefined));
  client.on('error', (error) => (trouble = describe(error)));
  // It goes on trying; what is wrong comes as an event.
  client.connect().catch((error: unknown) => (trouble = describe(error)));

  return {
    send(...command) {
      const startedAt = elapsed();
      return withDeadline(COMMAND_TIMEOUT_MS, late, () => client.sendCommand([...command]))
        .catch((error: unknown) => {
          // Without the cause: a server's own text may repeat what it was sent, the password among it.
          throw new Error(`Redis at ${host}: ${(client.isReady ? undefined : trouble) ?? describe(error)}`);
        })
        .finally(() => latency.answered(startedAt));
    },
    isSlow: () => latency.isSlow(),
    untilConnected: (timeoutMs) => settledWithin(timeoutMs, connected),
    async close() {
      if (client.isReady)
        await settledWithin(
          COMMAND_TIMEOUT_MS,
          client.close().catch(() => undefined),
        );
      if (client.isOpen) client.destroy();
    },
  };
}

/** Milliseconds of any beginning, which nobody can set. */
function elapsed(): number {
  return performance.now();
}

class LateAnswer extends Error {
  override readonly name = 'LateAnswer';
}

function late(): LateAnswer {
  return new LateAnswer('no answer in time');
}

/** One stable line. */
function describe(error: unknown): string {
  if (error instanceof AggregateError) return describe(error.errors[0]);
  if (!(error instanceof Error)) return 'an unknown error';
  if (error instanceof LateAnswer) return error.message;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // `WRONGPASS`, `NOAUTH`: only the first word of the server's own text, see above.
  return code ?? (/^[A-Z]+\b/.exec(error.message)?.[0] || error.name);
}
