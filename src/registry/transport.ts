/** Requests to a registry or its token service: redirects, retries and host limits within one deadline. */
import type { Clock } from '../clock.ts';
import { UpstreamError } from '../errors.ts';
import type { HostLimiter } from '../resilience/host-limiter.ts';
import { jitteredPauseMs } from '../resilience/retry.ts';
import { createHttpClient } from '../upstream/http-client.ts';
import type { HttpClientDeps, HttpRequest, HttpResponse } from '../upstream/http-client.ts';
import { followRedirects } from '../upstream/redirects.ts';
import type { Endpoints } from './endpoints.ts';
import { describeFault, describeStatus, OwnTrouble, type Fault } from './failure.ts';

export interface RegistryRequest extends HttpRequest {
  /** The registry that the request is for, which decides where redirects may lead. */
  readonly registry: string;
}

/**
 * @returns any response but 429 and 5xx (501 is returned)
 * @throws UpstreamError
 */
export type FetchHttp = (request: RegistryRequest) => Promise<HttpResponse>;

const MAX_TOKEN_BYTES = 1024 * 1024;

/** @returns a POST to a token service, which answers in JSON */
export function formPost(
  url: URL,
  registry: string,
  form: Readonly<Record<string, string>>,
): RegistryRequest {
  const type = 'application/x-www-form-urlencoded';
  const body = new URLSearchParams(form).toString();
  const headers = { accept: 'application/json', 'content-type': type };
  return { method: 'POST', url, registry, headers, body, maxBytes: MAX_TOKEN_BYTES };
}

export interface TransportDeps extends HttpClientDeps {
  readonly endpoints: Endpoints;
  readonly gate: HostLimiter;
  readonly now: Clock;
  /** Deadline of one request in milliseconds, with redirects and retries, but without waiting for a slot. */
  readonly timeoutMs: number;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly delay: (ms: number) => Promise<void>;
}

const MAX_RETRIES = 2;
const FIRST_PAUSE_MS = 200;
/** A time-out counts against a host only if the host had at least this share of the deadline. */
const FAIR_SHARE = 0.5;

export function createTransport(deps: TransportDeps): FetchHttp {
  const { endpoints, gate, now, timeoutMs, random, delay } = deps;
  const sendHttp = createHttpClient(deps);

  /** @param budget remaining time; waiting for a slot does not count against the registry */
  async function sendHop(hop: HttpRequest, budget: { ms: number }): Promise<HttpResponse> {
    for (let attempt = 0; ; attempt++) {
      const pauseMs = jitteredPauseMs(attempt, FIRST_PAUSE_MS, random);
      const outcome = await gate.run<HttpResponse | Fault | 'retry'>(hop.url.host, async () => {
        const since = now();
        const givenMs = budget.ms;
        const result = await send(hop, givenMs);
        budget.ms -= Math.max(now() - since, 0);
        if (!('failure' in result)) return { result, host: 'works' };
        const { failure, retry, restMs } = result;
        if (retry && attempt < MAX_RETRIES && pauseMs < budget.ms)
          return { result: 'retry', host: 'inconclusive' };
        const isOurs = failure.kind === 'timeout' && givenMs < timeoutMs * FAIR_SHARE;
        if (isOurs || failure.trouble === 'files') return { result, host: 'inconclusive' };
        return { result, host: restMs === 0 ? 'works' : { failure, ms: restMs } };
      });
      if (outcome === 'retry') {
        budget.ms -= pauseMs;
        await delay(pauseMs);
      } else if ('failure' in outcome) {
        const { failure, restMs } = outcome;
        throw restMs === 0 ? new OwnTrouble(failure) : new UpstreamError(failure);
      } else return outcome;
    }
  }

  async function send(hop: HttpRequest, ms: number): Promise<HttpResponse | Fault> {
    try {
      const response = await sendHttp(hop, AbortSignal.timeout(Math.max(Math.ceil(ms), 1)));
      return describeStatus(response, now()) ?? response;
    } catch (error) {
      if (error instanceof UpstreamError) return describeFault(error.failure);
      throw error;
    }
  }

  return (request) => {
    const budget = { ms: timeoutMs };
    const policy = (target: URL, from: URL) => endpoints.explainForbidden(target, from, request.registry);
    return followRedirects(request, policy, (hop) => sendHop(hop, budget));
  };
}
