/** How a server ends without breaking a call: Node's `server.close()`, and with it Fastify's, does too much and too little. */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

export interface StopLimits {
  /** How long a connection may be silent before it is taken for one over which no call is coming; 0: not at all. */
  readonly graceMs?: number;
  /** When what is still under way is cut off. */
  readonly withinMs?: number;
}

/**
 * Argo CD sends one call after the other over the same connection: in between it is idle for milliseconds, and closed then, the
 * next call would be lost in it, which freezes an ApplicationSet for three minutes.
 */
const GRACE_MS = 250;
/** Less than the 30 seconds after which Kubernetes kills, more than the default deadline of an answer. */
const WITHIN_MS = 25_000;
const SWEEP_MS = 25;

/**
 * Makes `close()` lose no call, and end with the last answer. At first the server goes on listening, and each answer says that
 * the connection ends with it. It stops to listen when no connection is left, or after `graceMs`. From then on:
 * - a connection that is idle, or becomes so, such as one whose body went on after the answer, is closed;
 * - one over which nothing came is not idle to Node: it is closed when it has been open, and silent, for `graceMs`;
 * - a request of which a part has come is waited for and answered;
 * - one that never ends, to which Node applies no timeout any more, is cut off after `withinMs`.
 * @returns whether the server is stopping, for what is answered past Fastify's reply
 */
export function closeConnectionsOnStop(
  app: FastifyInstance,
  { graceMs = GRACE_MS, withinMs = WITHIN_MS }: StopLimits = {},
): () => boolean {
  const { server } = app;
  const openedAt = new Map<Socket, number>();
  let stopping = false;
  server.on('connection', (socket: Socket) => {
    openedAt.set(socket, performance.now());
    socket.once('close', () => openedAt.delete(socket));
  });
  app.addHook('preClose', (done) => {
    stopping = true;
    if (!server.listening) return done();
    const graceEnds = performance.now() + graceMs;
    let draining = true;
    const sweep = () => {
      const now = performance.now();
      if (draining && openedAt.size > 0 && now < graceEnds) return;
      for (const [socket, at] of openedAt)
        if (socket.bytesRead === 0 && now - at >= graceMs) socket.destroy();
      if (draining) done();
      else server.closeIdleConnections();
      draining = false;
    };
    const sweeping = setInterval(sweep, SWEEP_MS);
    const cutting = setTimeout(() => server.closeAllConnections(), withinMs);
    server.once('close', () => {
      clearInterval(sweeping);
      clearTimeout(cutting);
    });
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (stopping) void reply.header('connection', 'close');
    done(null, payload);
  });
  return () => stopping;
}
