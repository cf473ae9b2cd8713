/** Every connection ends within a bounded time, whatever its peer does: one that is kept for ever costs memory and a descriptor. */
import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

export interface ConnectionLimits {
  /** From its opening, or the end of an answer, to the end of the next request's headers. More than Node's own time-outs, which are told. */
  readonly waitingMs: number;
  /** From the end of a request's headers until the peer has taken the answer. */
  readonly answeringMs: number;
  /** How many there may be at a time. */
  readonly most: number;
}

const LONGEST_SWEEP_MS = 5_000;
/** An HTTP status. */
const LEAST_REFUSAL = 400;

interface Connection {
  /** By the monotonic clock. */
  endsAt: number;
  /** Of the newest request that is not known to have been answered: answers go out in the order of requests. */
  response: ServerResponse | undefined;
  /** Whether a request that came over it was not refused. */
  served: boolean;
}

/**
 * Cuts what Node's time-outs do not reach: a peer that does not read, sends an empty line now and then, or never closes. Of too
 * many connections the oldest is cut over which nothing but refusals has gone, so that a flood of such shuts nobody out.
 * To be called before other hooks of the server are added.
 */
export function boundConnections(
  app: FastifyInstance,
  { waitingMs, answeringMs, most }: ConnectionLimits,
): void {
  const connections = new Map<Socket, Connection>();
  let stopping = false;

  function admit(socket: Socket): Connection {
    const connection = { endsAt: performance.now() + waitingMs, response: undefined, served: false };
    connections.set(socket, connection);
    socket.once('close', () => connections.delete(socket));
    if (connections.size > most) findLeastUseful(connections)?.destroy();
    return connection;
  }
  function sweep(): void {
    // What a stop waits for, and how long, is its own affair.
    if (stopping) return;
    const now = performance.now();
    for (const [socket, connection] of connections) {
      if (settle(connection)) connection.endsAt = now + waitingMs;
      else if (now >= connection.endsAt) socket.destroy();
    }
  }

  app.server.on('connection', admit);
  app.addHook('onRequest', ({ raw: { socket } }, { raw: response }, done) => {
    // A server that listens on two addresses of a name has a second one inside, which tells of no connections.
    const connection = connections.get(socket) ?? (socket instanceof Socket ? admit(socket) : undefined);
    if (connection !== undefined) {
      settle(connection);
      connection.response = response;
      connection.endsAt = performance.now() + answeringMs;
    }
    done();
  });
  const sweeping = setInterval(sweep, Math.min(LONGEST_SWEEP_MS, waitingMs / 2, answeringMs / 2)).unref();
  app.addHook('preClose', (done) => {
    stopping = true;
    done();
  });
  app.addHook('onClose', (_instance, done) => {
    clearInterval(sweeping);
    done();
  });
}

/**
 * Looked for now and then, since a listener for each answer would show in test/bench/memory-answer.ts.
 * @returns whether the peer has taken an answer since it was last looked for
 */
function settle(connection: Connection): boolean {
  const { response } = connection;
  if (response?.writableFinished !== true) return false;
  connection.response = undefined;
  connection.served ||= response.statusCode < LEAST_REFUSAL;
  return true;
}

/** @returns the oldest over which nothing has been answered but refusals, or else the newest */
function findLeastUseful(connections: ReadonlyMap<Socket, Connection>): Socket | undefined {
  let last: Socket | undefined;
  for (const [socket, connection] of connections) {
    settle(connection);
    if (!connection.served && connection.response === undefined) return socket;
    last = socket;
  }
  return last;
}
