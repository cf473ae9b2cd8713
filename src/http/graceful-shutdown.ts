/** Shuts down a server without breaking a call, which neither Node nor Fastify guarantees. */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

export interface ShutdownLimits {
  /** How long a connection may stay silent before it counts as unused; 0: no grace. */
  readonly graceMs?: number;
  /** When to cut off the requests that are still in flight. */
  readonly withinMs?: number;
}

/**
 * Argo CD sends its calls one after the other over one connection, with idle milliseconds in between. If the
 * server closed it then, the next call would fail and freeze an ApplicationSet for three minutes.
 */
const GRACE_MS = 250;
/** Kubernetes kills the process after 30 seconds; the default deadline of an answer is shorter. */
const WITHIN_MS = 25_000;
const SWEEP_MS = 25;

/**
 * Makes `close()` lose no call and end with the last answer. At first the server keeps listening, and each
 * answer closes its connection. It stops listening when no connection is left, or after `graceMs`. From then
 * on:
 * - An idle connection is closed, including one whose body continued after the answer.
 * - A connection that has never sent a byte is not idle to Node. It is closed once it has been open for
 *   `graceMs`.
 * - A request that has arrived in part is completed and answered.
 * - A request that never ends, to which Node no longer applies a timeout, is cut off after `withinMs`.
 */
export function drainConnections(
  app: FastifyInstance,
  { graceMs = GRACE_MS, withinMs = WITHIN_MS }: ShutdownLimits = {},
): void {
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
    const sweepTimer = setInterval(sweep, SWEEP_MS);
    const cutOffTimer = setTimeout(() => server.closeAllConnections(), withinMs);
    server.once('close', () => {
      clearInterval(sweepTimer);
      clearTimeout(cutOffTimer);
    });
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (stopping) void reply.header('connection', 'close');
    done(null, payload);
  });
}
