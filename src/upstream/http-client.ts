/** The HTTP client for CI and registries: one bounded, decompressed and observed exchange. */
import type { Dispatcher } from 'undici';
import { toUpstreamError } from './connection-failure.ts';
import { BodyTooLarge, decodeBody, parseEncodings } from './content-encoding.ts';
import type { DispatcherFor } from './dispatchers.ts';
import type { UpstreamObserver } from './observer.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  /** Lower-case names. `authorization` is sent only to the origin of `url`. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: string | undefined;
  /** Limit on the response body, after decompression. */
  readonly maxBytes: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; a repeated header is a list. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The URL that answered: after redirects it differs from the requested one. */
  readonly url: URL;
}

/**
 * Sends one request, without following redirects, and reads the whole response, whatever its status.
 * @param signal aborts the exchange; the failure is then a time-out
 * @throws UpstreamError `timeout`, `unreachable` or `malformed`
 */
export type SendHttp = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;

export interface HttpClientDeps {
  /** Throws UpstreamError if the request cannot be sent at all; the observer is not notified then. */
  readonly dispatcherFor: DispatcherFor;
  readonly observer: Pick<UpstreamObserver, 'requested'>;
}

export function createHttpClient({ dispatcherFor, observer }: HttpClientDeps): SendHttp {
  return async ({ method, url, headers, body = null, maxBytes }, signal) => {
    const dispatcher = dispatcherFor(url);
    try {
      const answering = dispatcher.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { 'user-agent': 'greenpin', 'accept-encoding': 'identity', ...headers },
        body,
        signal,
      });
      const answer = await untilAborted(answering, signal);
      const content = await readBody(answer.body, maxBytes);
      const response = { status: answer.statusCode, headers: answer.headers, body: content, url };
      if (isTruncated(response, method)) throw new TruncatedBody('the body is shorter than announced');
      const decoded = { ...response, body: await decode(response, maxBytes) };
      observer.requested(url.host, decoded.status);
      return decoded;
    } catch (error) {
      const failed = toUpstreamError(error, url, signal);
      observer.requested(url.host, failed.failure.kind);
      throw failed;
    }
  };
}

/**
 * undici observes the signal only once a request has its connection, and a proxy that does not answer CONNECT
 * could delay that beyond any deadline. undici aborts the request when its turn comes.
 */
async function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function readBody(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    // Leaving the loop destroys the stream, and with it the connection.
    if (length > maxBytes) throw new BodyTooLarge('the body is larger than allowed');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** The stream was reset in the middle of the body. */
class TruncatedBody extends Error {
  override readonly name = 'TruncatedBody';
}

/**
 * undici treats an HTTP/2 stream that the server cancels as complete. Responses to HEAD and 304 announce the
 * length of a body that they do not have (RFC 9110, 8.6).
 */
function isTruncated({ status, headers, body }: HttpResponse, method: HttpRequest['method']): boolean {
  const announced = headerValue({ headers }, 'content-length');
  return method !== 'HEAD' && status !== 304 && announced !== undefined && body.length < Number(announced);
}

/** Some proxies compress every response, even if the request asked for `identity`. */
async function decode({ status, headers, body }: HttpResponse, maxBytes: number): Promise<Buffer> {
  const encodings = parseEncodings(headers['content-encoding']);
  if (encodings.length === 0 || body.length === 0) return body;
  try {
    return await decodeBody(body, encodings, maxBytes);
  } catch (error) {
    // The status is conclusive; an unreadable body only loses the explanation.
    if (status >= 400) return Buffer.alloc(0);
    throw error;
  }
}

/** @returns a header's value; undefined if it is missing or came more than once */
export function headerValue(response: Pick<HttpResponse, 'headers'>, name: string): string | undefined {
  const value = response.headers[name];
  return typeof value === 'string' ? value : undefined;
}
