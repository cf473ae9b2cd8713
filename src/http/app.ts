/** Assembles the HTTP server of the plugin: authenticate, then parse, then answer (design §1). */
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { ApiError } from '../errors.ts';
import type { Project } from '../resolve/types.ts';
import type { Authenticator } from './authenticate.ts';
import type { CallObserver } from './access-log.ts';
import { createCallLog } from './access-log.ts';
import { boundConnections, type ConnectionLimits } from './connection-limits.ts';
import { createClientErrorHandler, createErrorHandler, sendError } from './errors.ts';
import type { AnswerSource, GetParamsDeps } from './argocd/getparams.ts';
import { createGetParams, GETPARAMS_PATH } from './argocd/getparams.ts';
import { closeConnectionsOnStop, type StopLimits } from './graceful-shutdown.ts';
import type { Clock } from '../clock.ts';

const JSON_TYPE = 'application/json';
const BODY_LIMIT = 1024 * 1024;
/**
 * Longer than the 90 seconds after which Go's default transport, which Argo CD uses, drops an idle connection itself: a
 * connection that the server closes just when a call is sent costs a reconcile.
 */
const KEEP_ALIVE_MS = 95_000;
/** For the whole request to arrive; the answer may take as long as the resolver's deadline. */
const REQUEST_TIMEOUT_MS = 30_000;
const ANSWER_WITHIN_MS = 20_000;
/** For the caller to read the answer, some kilobytes. */
const TAKE_WITHIN_MS = 30_000;
/** One of Argo CD's controllers keeps as many as it has ApplicationSets reconciled at a time: some dozens. */
const MOST_CONNECTIONS = 10_000;

export interface AppDeps {
  readonly authenticator: Authenticator;
  readonly projects: ReadonlyMap<string, Project>;
  readonly answers: AnswerSource;
  readonly observer: CallObserver;
  readonly logger: Logger;
  readonly now: Clock;
  /** Monotonic milliseconds with fractions. */
  readonly stopwatch?: () => number;
  readonly requestTimeoutMs?: number;
  /** The longest that an answer takes: the resolver's deadline. */
  readonly answerWithinMs?: number;
  /** For a peer whose request could not be read to close its side. */
  readonly lingerMs?: number;
  readonly connectionLimits?: Partial<ConnectionLimits>;
  /** How `close()` treats connections. */
  readonly stopLimits?: StopLimits;
}

/** @returns the server, not yet listening; `close()` lets the requests in flight finish */
export function createApp(deps: AppDeps): FastifyInstance {
  const { authenticator, logger, observer, stopwatch = () => performance.now() } = deps;
  const calls = createCallLog(logger, observer, stopwatch);
  const app = fastify(serverOptions(deps));
  boundConnections(app, connectionLimits(deps));
  const stopping = closeConnectionsOnStop(app, deps.stopLimits);
  app.decorateRequest('startedAt', 0);
  app.decorateRequest('question', undefined);
  app.removeAllContentTypeParsers();
  app.addHook('onRequest', (request, _reply, done) => {
    calls.begin(request);
    const refusal = authenticator.refusal(request.headers.authorization);
    // `curl -d` sends a form type, others none or nonsense, which Fastify would refuse; the body is JSON all the same.
    request.raw.headers['content-type'] = JSON_TYPE;
    done(refusal === undefined ? undefined : new ApiError('forbidden', refusal));
  });
  app.addHook('onClose', (_instance, done) => {
    calls.flush();
    done();
  });
  app.setErrorHandler(createErrorHandler(calls));
  app.setNotFoundHandler(refuseRoute);
  registerGetParams(app, { ...deps, calls, stopping });
  return app;
}

function serverOptions({ authenticator, requestTimeoutMs = REQUEST_TIMEOUT_MS, lingerMs }: AppDeps) {
  return {
    // Greenpin writes its own line for each call; Fastify's would name the URL and the caller twice.
    logger: false,
    bodyLimit: BODY_LIMIT,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: requestTimeoutMs,
    http: {
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(requestTimeoutMs, 5_000),
    },
    forceCloseConnections: 'idle',
    // A call that comes while stopping, over a connection that is still open, is answered (and the connection closed after
    // it): a 503 would freeze its ApplicationSet for three minutes.
    return503OnClosing: false,
    clientErrorHandler: createClientErrorHandler(lingerMs),
    // A URL that cannot be decoded comes here before any hook, so the caller is asked for the token here.
    frameworkErrors: (_error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      const refusal = authenticator.refusal(request.headers.authorization);
      sendError(reply, refusal === undefined ? notFound() : new ApiError('forbidden', refusal));
    },
  } as const;
}

/** The sums of what each part may take. */
function connectionLimits({
  requestTimeoutMs = REQUEST_TIMEOUT_MS,
  answerWithinMs = ANSWER_WITHIN_MS,
  connectionLimits: others,
}: AppDeps): ConnectionLimits {
  return {
    waitingMs: KEEP_ALIVE_MS + requestTimeoutMs,
    answeringMs: requestTimeoutMs + answerWithinMs + TAKE_WITHIN_MS,
    most: MOST_CONNECTIONS,
    ...others,
  };
}

/** The body's parser lives in the route's own scope, so that no other path reads a body. */
function registerGetParams(app: FastifyInstance, deps: GetParamsDeps): void {
  void app.register((scope, _options, done) => {
    scope.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (_request, body, parsed) =>
      parsed(null, body),
    );
    scope.post(GETPARAMS_PATH, createGetParams(deps));
    done();
  });
}

function refuseRoute(request: FastifyRequest, reply: FastifyReply): never {
  if (request.url.split('?', 1)[0] !== GETPARAMS_PATH) throw notFound();
  void reply.header('allow', 'POST');
  throw new ApiError('method_not_allowed', `${GETPARAMS_PATH} takes POST only`);
}

function notFound(): ApiError {
  return new ApiError('not_found', `There is nothing here; the plugin's call is POST ${GETPARAMS_PATH}`);
}
