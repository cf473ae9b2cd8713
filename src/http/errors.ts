/** The only place that translates errors to HTTP. */
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { API_ERROR_STATUS, ApiError } from '../errors.ts';
import type { AccessLog } from './access-log.ts';

const UNEXPECTED = 'Internal error in Greenpin; its log contains the cause';
const TOO_LARGE = 'The body is larger than 1 MiB; pass only the parameters that are needed';
const INCOMPLETE_BODY = 'The body is incomplete, or its length differs from Content-Length';

/** @returns Fastify's error handler, which logs, counts and answers each error as `{"error", "message"}` */
export function createErrorHandler(accessLog: AccessLog) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const answer = toApiError(error, request);
    accessLog.failed(request, answer);
    // Fastify closes the connection when a body is too large. A client that is still sending would get a
    // reset instead of the answer, so the rest is read and discarded. The request timeout bounds that.
    if (answer.code === 'payload_too_large') {
      reply.removeHeader('connection');
      request.raw.resume();
    }
    sendError(reply, answer);
  };
}

export function sendError(reply: FastifyReply, { code, message }: ApiError): void {
  void reply
    .code(API_ERROR_STATUS[code])
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify({ error: code, message }));
}

function toApiError(error: unknown, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new ApiError('payload_too_large', TOO_LARGE);
  // Fastify itself rejected the body before it was complete.
  if (statusCode === 400 && request.body === undefined)
    return new ApiError('invalid_request', INCOMPLETE_BODY, { cause: error });
  return new ApiError('internal_error', UNEXPECTED, { cause: error });
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [status: string, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are too large'],
};
const INVALID_HTTP = ['400 Bad Request', 'The request is not valid HTTP'] as const;

/** Time for the peer to read the answer and close: closing at once could destroy the answer. */
const LINGER_MS = 1_000;

/**
 * @returns a handler that answers requests that Node's parser rejects, and then closes the connection,
 *   whatever the peer does
 */
export function createClientErrorHandler(lingerMs = LINGER_MS) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const [status, message] = CLIENT_ERRORS[error.code ?? ''] ?? INVALID_HTTP;
    const body = JSON.stringify({ error: 'invalid_request', message });
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => clearTimeout(timer));
  };
}
