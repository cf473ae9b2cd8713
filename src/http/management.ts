/** The management server: /healthz, /readyz and /metrics, without authentication. */
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../errors.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { sendError } from './errors.ts';
import { createServer } from './server.ts';

export interface ManagementDeps {
  /** Why no call can be answered at present; undefined if calls can be answered. The text is public. */
  readonly whyNotReady: () => string | undefined;
  /** Aborted when shutdown begins. The process is not ready from then on. */
  readonly stopping: AbortSignal;
  readonly metrics: {
    readonly contentType: string;
    /** In Prometheus' text format. */
    expose(): Promise<string>;
  };
  readonly requestTimeoutMs?: number;
  /** Time for a peer to close its side after a request that could not be parsed. */
  readonly lingerMs?: number;
  readonly connectionLimits?: Partial<ConnectionLimits>;
}

const REQUEST_TIMEOUT_MS = 10_000;
/** Prometheus scrapes once a minute or more often. */
const KEEP_ALIVE_MS = 75_000;
const LIMITS: ConnectionLimits = {
  waitingMs: KEEP_ALIVE_MS + REQUEST_TIMEOUT_MS,
  answeringMs: 60_000,
  max: 1_000,
};

/** @returns the server, not yet listening */
export function createManagement(deps: ManagementDeps): FastifyInstance {
  const { whyNotReady, stopping, metrics } = deps;
  const app = createServer({
    keepAliveMs: KEEP_ALIVE_MS,
    requestTimeoutMs: deps.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    lingerMs: deps.lingerMs,
    connectionLimits: { ...LIMITS, ...deps.connectionLimits },
    // No grace period, since a lost probe is repeated.
    shutdownLimits: { graceMs: 0 },
    refuseUrl: (_request, reply) => sendError(reply, notFound()),
  });
  app.setNotFoundHandler((_request, reply) => sendError(reply, notFound()));
  app.setErrorHandler((_error, _request, reply) => {
    sendError(reply, new ApiError('internal_error', 'Internal error in Greenpin'));
  });
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const reason = stopping.aborted ? 'Greenpin is shutting down' : whyNotReady();
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
  return new ApiError('not_found', 'Not found; try /healthz, /readyz or /metrics');
}
