/** The second, small server, for the kubelet and Prometheus: /healthz, /readyz, /metrics. It needs no token. */
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../errors.ts';
import { boundConnections, type ConnectionLimits } from './connection-limits.ts';
import { createClientErrorHandler, sendError } from './errors.ts';
import { closeConnectionsOnStop } from './graceful-shutdown.ts';

export interface ManagementDeps {
  /** Why no call can be answered now; undefined when one can. The text is public. */
  readonly notReady: () => string | undefined;
  /** Aborted when the process begins to stop: from then on it is not ready. */
  readonly stopping: AbortSignal;
  readonly metrics: {
    readonly contentType: string;
    /** In Prometheus' text format. */
    expose(): Promise<string>;
  };
  readonly requestTimeoutMs?: number;
  /** For a peer whose request could not be read to close its side. */
  readonly lingerMs?: number;
  readonly connectionLimits?: Partial<ConnectionLimits>;
}

const REQUEST_TIMEOUT_MS = 10_000;
/** Prometheus asks once a minute, or more often. */
const KEEP_ALIVE_MS = 75_000;
const LIMITS: ConnectionLimits = {
  waitingMs: KEEP_ALIVE_MS + REQUEST_TIMEOUT_MS,
  answeringMs: 60_000,
  most: 1_000,
};

/** @returns the server, not yet listening */
export function createManagement(deps: ManagementDeps): FastifyInstance {
  const { notReady, stopping, metrics, requestTimeoutMs = REQUEST_TIMEOUT_MS } = deps;
  const app = fastify({
    logger: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: requestTimeoutMs,
    http: {
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(requestTimeoutMs, 5_000),
    },
    frameworkErrors: (_error, _request, reply) => sendError(reply, notFound()),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    clientErrorHandler: createClientErrorHandler(deps.lingerMs),
  });
  boundConnections(app, { ...LIMITS, ...deps.connectionLimits });
  // A probe that is lost is asked again.
  closeConnectionsOnStop(app, { graceMs: 0 });
  app.setNotFoundHandler((_request, reply) => sendError(reply, notFound()));
  app.setErrorHandler((_error, _request, reply) => {
    sendError(reply, new ApiError('internal_error', 'Greenpin could not answer this'));
  });
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const reason = stopping.aborted ? 'Greenpin is stopping' : notReady();
    if (reason === undefined) void reply.send({ status: 'ok' });
    else sendError(reply, new ApiError('not_ready', reason));
  });
  app.get('/metrics', async (_request, reply) => {
    const text = await metrics.expose();
    return reply.header('content-type', metrics.contentType).send(text);
  });
  return app;
}

function notFound(): ApiError {
  return new ApiError('not_found', 'There is nothing here; try /healthz, /readyz or /metrics');
}
