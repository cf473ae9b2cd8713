/** HTTP with bounds: what a remote may send, where it may send us, and which host may see the credentials. */
import { fetch, Response, type Dispatcher, type RequestInit } from 'undici';
import { UpstreamError } from '../errors.ts';
import { malformedError, networkError } from './failures.ts';
import type { UpstreamObserver } from './observer.ts';

/**
 * 100 runs are about 1.5 MiB, and more only where commits bear messages as long as books; what is far beyond is not an answer. Counted
 * after decompression.
 */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

const MAX_REDIRECTS = 3;

/** RFC 9110 §15.4: those that name another place for the same GET. */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export interface BoundedRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface BoundedFetchDeps {
  readonly dispatcher: Dispatcher;
  readonly observer: UpstreamObserver;
}

/** Sends one request and reads the whole answer. Throws UpstreamError: `timeout`, `unreachable` or `malformed`. */
export type BoundedFetch = (url: string, request: BoundedRequest) => Promise<Response>;

export function createBoundedFetch(deps: BoundedFetchDeps): BoundedFetch {
  return async (url, request) => {
    let target = new URL(url);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const response = await exchange(target, request, deps);
      const next = request.method === 'GET' ? redirectTarget(response, target) : undefined;
      if (next === undefined) return response;
      target = next;
    }
    throw malformedError(target.host, 'too many redirects');
  };
}

async function exchange(
  target: URL,
  request: BoundedRequest,
  { dispatcher, observer }: BoundedFetchDeps,
): Promise<Response> {
  try {
    const init: RequestInit = {
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      signal: request.signal,
      redirect: 'manual',
      dispatcher,
    };
    const response = await fetch(target, init);
    const body = await readBody(response, target.host);
    const { status, statusText, headers } = response;
    const whole = new Response(body.length === 0 ? null : body, { status, statusText, headers });
    observer.requested(target.host, status);
    return whole;
  } catch (error) {
    const failed = networkError(error, target.host, request.signal);
    observer.requested(target.host, failed.failure.kind);
    throw failed;
  }
}

async function readBody(response: Response, host: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw malformedError(host, 'a body that is far too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * A renamed repository is answered with 301 to the same origin. Another origin is refused, so that it sees neither the credentials
 * nor the request, and so that its answer is never taken for the one that the configuration names.
 */
function redirectTarget(response: Response, from: URL): URL | undefined {
  const location = response.headers.get('location');
  if (!REDIRECTS.has(response.status) || location === null) return undefined;
  const target = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (target === undefined) throw malformedError(from.host, 'a redirect to an invalid address');
  if (target.origin !== from.origin || target.username !== '' || target.password !== '') {
    throw new UpstreamError({
      kind: 'malformed',
      host: from.host,
      message: `${from.host} redirects to another origin, where Greenpin does not take its credentials; correct the connection's url`,
    });
  }
  return target;
}
