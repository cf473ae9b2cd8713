/** One HTTP request to a registry or its token service, with everything that can go wrong on the way decided. */
import type { Dispatcher } from 'undici';
import { UpstreamError } from '../errors.ts';
import { decodeBody, parseEncodings } from './content-encoding.ts';
import type { Endpoints } from './endpoints.ts';
import { BodyTooLarge, OwnTrouble, describeError, describeStatus, malformed, type Fault } from './failure.ts';
import type { HostLimiter } from '../resilience/host-limiter.ts';
import { jitteredPauseMs } from '../resilience/retry.ts';
import type { Clock } from '../clock.ts';
import type { UpstreamObserver } from '../upstream/observer.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  /** On whose behalf: decides the dispatcher, and where redirects may lead. */
  readonly registry: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A longer answer is a failure. */
  readonly maxBytes: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; a header that came on several lines is a list. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** That answered; another one than was asked, after redirects. */
  readonly url: URL;
}

/**
 * @returns any answer but 429 and 5xx (501 is returned)
 * @throws UpstreamError
 */
export type FetchHttp = (request: HttpRequest) => Promise<HttpResponse>;

export interface TransportDeps {
  /**
   * The dispatcher (proxy, CA, client certificate) for one request; `url` may belong to another host than the registry. Throws
   * UpstreamError, and its requests may fail with one.
   */
  readonly dispatcherFor: (registry: string, url: URL) => Dispatcher;
  readonly endpoints: Endpoints;
  readonly gate: HostLimiter;
  readonly observer: Pick<UpstreamObserver, 'requested'>;
  readonly now: Clock;
  /** For one request with its redirects and retries, without the waiting for its turns at the hosts; milliseconds. */
  readonly timeoutMs: number;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly delay: (ms: number) => Promise<void>;
}

type Outcome =
  | { readonly kind: 'answered'; readonly response: HttpResponse }
  | { readonly kind: 'failed'; readonly fault: Fault };

const MAX_REDIRECTS = 5;
const MAX_RETRIES = 2;
const FIRST_PAUSE_MS = 200;
/** Of the time-out: a host that had less of it (others took the rest) is not left alone for being late. */
const FAIR_SHARE = 0.5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function createTransport(deps: TransportDeps): FetchHttp {
  const { dispatcherFor, endpoints, gate, observer, now, timeoutMs, random, delay } = deps;

  async function fetchHttp(request: HttpRequest): Promise<HttpResponse> {
    const budget = { ms: timeoutMs };
    let hop = request;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await fetchHop(hop, budget);
      const location = headerValue(response, 'location');
      if (!REDIRECTS.has(response.status) || location === undefined) return response;
      hop = followRedirect(hop, location);
    }
    throw malformed(request.url.host, `${request.url.host} redirects without end`);
  }

  /** @param budget what is left for the wire and for pauses: waiting for one's turn is not held against the registry */
  async function fetchHop(hop: HttpRequest, budget: { ms: number }): Promise<HttpResponse> {
    for (let attempt = 0; ; attempt++) {
      const pauseMs = jitteredPauseMs(attempt, FIRST_PAUSE_MS, random);
      const outcome = await gate.run<Outcome | 'retry'>(hop.url.host, async () => {
        const since = now();
        const givenMs = budget.ms;
        const result = await exchange(hop, givenMs);
        budget.ms -= Math.max(now() - since, 0);
        if (result.kind === 'answered') return { result, host: 'works' };
        const { failure, retry, restMs } = result.fault;
        if (retry && attempt < MAX_RETRIES && pauseMs < budget.ms)
          return { result: 'retry', host: 'inconclusive' };
        const isOurs = failure.kind === 'timeout' && givenMs < timeoutMs * FAIR_SHARE;
        if (isOurs) return { result, host: 'inconclusive' };
        return { result, host: restMs === 0 ? 'works' : { failure, ms: restMs } };
      });
      if (outcome === 'retry') {
        budget.ms -= pauseMs;
        await delay(pauseMs);
      } else if (outcome.kind === 'answered') return outcome.response;
      else throw failedWith(outcome.fault);
    }
  }

  /**
   * One request on the wire.
   * @throws UpstreamError when there is no way to send it
   */
  async function exchange(hop: HttpRequest, ms: number): Promise<Outcome> {
    const { method, url, registry, headers, body = null, maxBytes } = hop;
    const dispatcher = dispatcherFor(registry, url);
    try {
      const signal = AbortSignal.timeout(Math.max(Math.ceil(ms), 1));
      const answer = await dispatcher.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { 'user-agent': 'greenpin', 'accept-encoding': 'identity', ...headers },
        body,
        signal,
      });
      const content = await readBody(answer.body, maxBytes);
      const response = await decode(
        { status: answer.statusCode, headers: answer.headers, body: content, url },
        maxBytes,
      );
      observer.requested(url.host, response.status);
      const fault = describeStatus(response.status, headerValue(response, 'retry-after'), url.host, now());
      return fault === undefined ? { kind: 'answered', response } : { kind: 'failed', fault };
    } catch (error) {
      const fault = describeError(error, url.host, url.protocol === 'http:');
      observer.requested(url.host, fault.failure.kind);
      return { kind: 'failed', fault };
    }
  }

  /** The specification forbids to take Authorization along to another origin; a body (a refresh token) stays as well. */
  function followRedirect(hop: HttpRequest, location: string): HttpRequest {
    const { host } = hop.url;
    if (!URL.canParse(location, hop.url.href)) throw malformed(host, `${host} redirects to what is no URL`);
    if (hop.method === 'POST') throw malformed(host, `${host} redirects a token request`);
    const url = new URL(location, hop.url);
    const refusal = endpoints.refusal(url, hop.url, hop.registry);
    if (refusal !== undefined) throw malformed(host, `${host} redirects to ${refusal}`);
    const { authorization: _, ...others } = hop.headers;
    return { ...hop, url, headers: url.origin === hop.url.origin ? hop.headers : others };
  }

  return fetchHttp;
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

function failedWith({ failure, restMs }: Fault): UpstreamError {
  return restMs === 0 ? new OwnTrouble(failure) : new UpstreamError(failure);
}

/** What is not asked for comes all the same: some proxies compress whatever passes. The limit is that of what comes out. */
async function decode(response: HttpResponse, maxBytes: number): Promise<HttpResponse> {
  const encodings = parseEncodings(response.headers['content-encoding']);
  if (encodings.length === 0 || response.body.length === 0) return response;
  try {
    return { ...response, body: await decodeBody(response.body, encodings, maxBytes) };
  } catch (error) {
    // A refusal is one by its status and headers; what it says besides is not known, then, and proves nothing.
    if (response.status >= 400) return { ...response, body: Buffer.alloc(0) };
    throw error;
  }
}

/** @returns a header's value; undefined when it is missing or came more than once */
export function headerValue(response: Pick<HttpResponse, 'headers'>, name: string): string | undefined {
  const value = response.headers[name];
  return typeof value === 'string' ? value : undefined;
}
