/** The plugin's HTTP server: authenticate, then parse, then answer. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { ApiError } from '../errors.ts';
import type { Project } from '../resolve/types.ts';
import { AccessLog, type CallObserver } from './access-log.ts';
import { createGetParams, GETPARAMS_PATH, type AnswerSource } from './argocd/getparams.ts';
import type { Authenticator } from './authenticate.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { createErrorHandler, sendError } from './errors.ts';
import type { ShutdownLimits } from './graceful-shutdown.ts';
import { createServer } from './server.ts';

const JSON_TYPE = 'application/json';
/**
 * Longer than the 90 seconds after which Go's default transport, which Argo CD uses, drops an idle
 * connection: if the server closes a connection just as a call is sent, the reconcile fails.
 */
const KEEP_ALIVE_MS = 95_000;
/** Time for the whole request to arrive. The answer may take as long as the deadline allows. */
const REQUEST_TIMEOUT_MS = 30_000;
const ANSWER_WITHIN_MS = 20_000;
/** Time for the caller to read the answer, which is a few kilobytes. */
const READ_WITHIN_MS = 30_000;
/** Argo CD keeps one for each ApplicationSet that it reconciles concurrently: a few dozen. */
const MAX_CONNECTIONS = 10_000;

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
  /** The longest time that an answer takes: the configured deadline. */
  readonly answerWithinMs?: number;
  /** Time for a peer to close its side after a request that could not be parsed. */
  readonly lingerMs?: number;
  readonly connectionLimits?: Partial<ConnectionLimits>;
  readonly shutdownLimits?: ShutdownLimits;
}

/** @returns the server, not yet listening; `close()` completes the requests in flight */
export function createApp(deps: AppDeps): FastifyInstance {
  const { authenticator, logger, observer, projects, answers, now } = deps;
  const { stopwatch = () => performance.now(), requestTimeoutMs = REQUEST_TIMEOUT_MS } = deps;
  const accessLog = new AccessLog(logger, observer, stopwatch);
  const app = createServer({
    keepAliveMs: KEEP_ALIVE_MS,
    requestTimeoutMs,
    lingerMs: deps.lingerMs,
    connectionLimits: {
      waitingMs: KEEP_ALIVE_MS + requestTimeoutMs,
      answeringMs: requestTimeoutMs + (deps.answerWithinMs ?? ANSWER_WITHIN_MS) + READ_WITHIN_MS,
      max: MAX_CONNECTIONS,
      ...deps.connectionLimits,
    },
    shutdownLimits: deps.shutdownLimits,
    refuseUrl: (request, reply) => sendError(reply, authenticate(request, authenticator) ?? notFound()),
  });
  app.decorateRequest('startedAt', 0);
  app.decorateRequest('branchRequest', undefined);
  app.removeAllContentTypeParsers();
  app.addHook('onRequest', (request, _reply, done) => {
    accessLog.start(request);
    // The body is JSON whatever type the caller declares (`curl -d` sends a form type), and Fastify would
    // reject other types.
    request.raw.headers['content-type'] = JSON_TYPE;
    done(authenticate(request, authenticator));
  });
  app.addHook('onClose', (_instance, done) => {
    accessLog.flush();
    done();
  });
  app.setErrorHandler(createErrorHandler(accessLog));
  app.setNotFoundHandler(refuseRoute);
  // The body parser has a scope of its own, so that no other path reads a body.
  void app.register((scope, _options, done) => {
    scope.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (_request, body, parsed) =>
      parsed(null, body),
    );
    scope.post(GETPARAMS_PATH, createGetParams({ projects, answers, accessLog, now }));
    done();
  });
  return app;
}

function authenticate({ headers }: FastifyRequest, authenticator: Authenticator): ApiError | undefined {
  const reason = authenticator.reject(headers.authorization);
  return reason === undefined ? undefined : new ApiError('forbidden', reason);
}

function refuseRoute(request: FastifyRequest, reply: FastifyReply): never {
  if (request.url.split('?', 1)[0] !== GETPARAMS_PATH) throw notFound();
  void reply.header('allow', 'POST');
  throw new ApiError('method_not_allowed', `${GETPARAMS_PATH} accepts POST only`);
}

function notFound(): ApiError {
  return new ApiError('not_found', `Not found; the endpoint of the plugin is POST ${GETPARAMS_PATH}`);
}
