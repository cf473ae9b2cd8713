/** Bounds the lifetime and number of connections, each of which costs memory and a file descriptor. */
import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

export interface ConnectionLimits {
  /** From opening, or the end of an answer, to the next headers. Longer than Node's own timeouts. */
  readonly waitingMs: number;
  /** From the end of a request's headers until the peer has read the answer. */
  readonly answeringMs: number;
  /** Maximum number of open connections. */
  readonly max: number;
}

const MAX_SWEEP_MS = 5_000;
/** The lowest HTTP status of a refusal. */
const FIRST_ERROR_STATUS = 400;

interface Connection {
  /** By the monotonic clock. */
  endsAt: number;
  /** The response to the newest request, until it has been read. Responses are sent in request order. */
  response: ServerResponse | undefined;
  /** Whether any request on this connection has succeeded. */
  served: boolean;
}

/**
 * Cuts connections that Node's timeouts do not cover: a peer that does not read, occasionally sends an empty
 * line, or never closes. Above the maximum, it cuts the oldest connection that has had only refusals, so that
 * a flood of those cannot lock out other callers. Call it before adding other hooks.
 */
export function limitConnections(
  app: FastifyInstance,
  { waitingMs, answeringMs, max }: ConnectionLimits,
): void {
  const connections = new Map<Socket, Connection>();
  let stopping = false;

  function admit(socket: Socket): Connection {
    const connection = { endsAt: performance.now() + waitingMs, response: undefined, served: false };
    connections.set(socket, connection);
    socket.once('close', () => connections.delete(socket));
    if (connections.size > max) findLeastUseful(connections)?.destroy();
    return connection;
  }
  function sweep(): void {
    // A shutdown has limits of its own.
    if (stopping) return;
    const now = performance.now();
    for (const [socket, connection] of connections) {
      if (settle(connection)) connection.endsAt = now + waitingMs;
      else if (now >= connection.endsAt) socket.destroy();
    }
  }

  app.server.on('connection', admit);
  app.addHook('onRequest', ({ raw: { socket } }, { raw: response }, done) => {
    // For a host name with two addresses, Fastify listens with a second, inner server that emits no
    // 'connection' events here.
    const connection = connections.get(socket) ?? (socket instanceof Socket ? admit(socket) : undefined);
    if (connection !== undefined) {
      settle(connection);
      connection.response = response;
      connection.endsAt = performance.now() + answeringMs;
    }
    done();
  });
  const timer = setInterval(sweep, Math.min(MAX_SWEEP_MS, waitingMs / 2, answeringMs / 2)).unref();
  app.addHook('preClose', (done) => {
    stopping = true;
    done();
  });
  app.addHook('onClose', (_instance, done) => {
    clearInterval(timer);
    done();
  });
}

/** @returns whether the peer has read an answer since the last check */
function settle(connection: Connection): boolean {
  const { response } = connection;
  if (response?.writableFinished !== true) return false;
  connection.response = undefined;
  connection.served ||= response.statusCode < FIRST_ERROR_STATUS;
  return true;
}

/** @returns the oldest idle connection that has had only refusals, otherwise the newest connection */
function findLeastUseful(connections: ReadonlyMap<Socket, Connection>): Socket | undefined {
  let last: Socket | undefined;
  for (const [socket, connection] of connections) {
    settle(connection);
    if (!connection.served && connection.response === undefined) return socket;
    last = socket;
  }
  return last;
}
