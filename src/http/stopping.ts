/** What Node's `server.close()`, and with it Fastify's, would wait for beyond the answers that are under way. */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Less than the 30 seconds after which Kubernetes kills, more than the default deadline of an answer. */
const STOP_WITHIN_MS = 25_000;
const SWEEP_MS = 100;

/**
 * Makes `close()` end with the last answer:
 * - a connection in use would be kept alive after its answer, so such an answer says that the connection ends with it;
 * - one that becomes idle later all the same, such as one whose body went on after the answer, is closed then;
 * - one over which nothing ever came is not idle to Node, but Go opens such ones in advance: they are closed;
 * - a request that never ends, to which Node applies no timeout any more, is cut off after `stopWithinMs`.
 * @returns whether the server is stopping, for what is answered past Fastify's reply
 */
export function closeConnectionsOnStop(app: FastifyInstance, stopWithinMs = STOP_WITHIN_MS): () => boolean {
  const { server } = app;
  const sockets = new Set<Socket>();
  let stopping = false;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  app.addHook('preClose', (done) => {
    stopping = true;
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS).unref();
    const cut = setTimeout(() => server.closeAllConnections(), stopWithinMs).unref();
    server.once('close', () => {
      clearInterval(sweep);
      clearTimeout(cut);
    });
    done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (stopping) void reply.header('connection', 'close');
    done(null, payload);
  });
  return () => stopping;
}
