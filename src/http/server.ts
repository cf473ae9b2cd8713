/** Creates both servers: with time limits, bounded connections and a graceful shutdown. */
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { limitConnections, type ConnectionLimits } from './connection-limits.ts';
import { createClientErrorHandler } from './errors.ts';
import { drainConnections, type ShutdownLimits } from './graceful-shutdown.ts';

export interface ServerOptions {
  readonly keepAliveMs: number;
  /** Time for the whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** Time for a peer to close its side after a request that could not be parsed. */
  readonly lingerMs: number | undefined;
  readonly connectionLimits: ConnectionLimits;
  readonly shutdownLimits: ShutdownLimits | undefined;
  /** Answers a request whose URL cannot be decoded. Fastify runs no hooks for it. */
  readonly refuseUrl: (request: FastifyRequest, reply: FastifyReply) => void;
}

/** @returns the server, without routes and not yet listening; `close()` completes the requests in flight */
export function createServer(options: ServerOptions): FastifyInstance {
  const { keepAliveMs, requestTimeoutMs, lingerMs, refuseUrl } = options;
  const app = fastify({
    // Greenpin writes its own access log; Fastify's would repeat the URL and the caller.
    logger: false,
    bodyLimit: 1024 * 1024,
    keepAliveTimeout: keepAliveMs,
    requestTimeout: requestTimeoutMs,
    http: {
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(requestTimeoutMs, 5_000),
    },
    forceCloseConnections: 'idle',
    // A request that arrives during shutdown is answered: a 503 would freeze its ApplicationSet for three
    // minutes.
    return503OnClosing: false,
    clientErrorHandler: createClientErrorHandler(lingerMs),
    frameworkErrors: (_error, request, reply) => refuseUrl(request, reply),
  });
  limitConnections(app, options.connectionLimits);
  drainConnections(app, options.shutdownLimits);
  return app;
}
