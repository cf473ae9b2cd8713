/** The one place where errors become HTTP (design §1). */
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { API_ERROR_STATUS, ApiError } from '../errors.ts';
import type { CallLog } from './access-log.ts';

const UNEXPECTED = 'Greenpin failed in a way that it did not foresee; its log tells the cause';
const TOO_LARGE = 'The body is larger than 1 MiB; pass only the parameters that are needed';
const BROKEN_BODY = 'The body broke off, or is not as long as its Content-Length says';

/** @returns Fastify's error handler: each error is logged, counted and answered as `{"error", "message"}` */
export function createErrorHandler(calls: CallLog) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const answer = toApiError(error, request);
    calls.failed(request, answer);
    // Fastify closes the connection under a body that is too large. A client that is still sending would get a reset instead of
    // the answer, so the rest is read and thrown away; the request timeout bounds it.
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
  // What Fastify itself has against a body that was not read to its end.
  if (statusCode === 400 && request.body === undefined)
    return new ApiError('invalid_request', BROKEN_BODY, { cause: error });
  return new ApiError('internal_error', UNEXPECTED, { cause: error });
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [status: string, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are too large'],
};

/** For the peer to read the answer and to close: closed at once, the answer may be lost under what is still being sent. */
const LINGER_MS = 1_000;

/** @returns what answers that which Node's parser refuses before Fastify sees a request; the connection ends with it, whatever the peer does */
export function createClientErrorHandler(lingerMs = LINGER_MS) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const [status, message] = CLIENT_ERRORS[error.code ?? ''] ?? [
      '400 Bad Request',
      'This is not valid HTTP',
    ];
    const body = JSON.stringify({ error: 'invalid_request', message });
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
    const lingering = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => clearTimeout(lingering));
  };
}
