/** A connection to a CI system, whatever its kind: one credential, one quota, one deadline per call. */
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { UnreadRun } from '../resolve/ports.ts';
import { withDeadline } from '../resilience/deadline.ts';
import { timeoutError } from '../upstream/failures.ts';
import type { ApiRequest, ApiResponse, SendApi } from '../upstream/json-api.ts';
import type { Authorizer } from './authorizer.ts';
import { pageError, type CallContext } from './failure.ts';
import { RateLimitBreaker } from './ci-breaker.ts';
import type { CiDeps } from './kind.ts';

/** One request that changes nothing, and its description for messages. */
export interface CiRequest
  extends Pick<ApiRequest, 'method' | 'path' | 'query' | 'json'>, Pick<CallContext, 'what' | 'permission'> {
  /** Makes the request conditional (ETag). */
  readonly validator?: string | undefined;
}

/** The remaining quota, as reported by one response. */
export interface QuotaReading {
  readonly remaining: number;
  readonly limit: number;
  /** When all calls are available again, milliseconds since the epoch; Infinity if unknown. */
  readonly resetsAt: number;
}

/** The parts that differ between CI systems. */
export interface CiClientOptions extends Pick<CiDeps, 'now' | 'timeoutMs' | 'observer'> {
  /** Name of the connection in the configuration. */
  readonly name: string;
  readonly host: string;
  readonly send: SendApi;
  readonly authorizer: Authorizer;
  /** Translates a response whose status is neither 200 nor, for a conditional request, 304. */
  readonly describeFailure: (response: ApiResponse, call: CallContext, now: number) => UpstreamFailure;
  /** @returns undefined if the response does not say */
  readonly readQuota: (response: ApiResponse, now: number) => QuotaReading | undefined;
}

export class CiClient {
  readonly host: string;
  readonly anonymous: boolean;
  readonly #options: CiClientOptions;
  readonly #breaker: RateLimitBreaker;

  constructor(options: CiClientOptions) {
    this.host = options.host;
    this.anonymous = options.authorizer.anonymous;
    this.#options = options;
    this.#breaker = new RateLimitBreaker(options.now);
  }

  /** Returns another number whenever the secret has changed, since a denied call may be allowed now. */
  readonly generation = (): number => this.#options.authorizer.generation();

  /**
   * @returns a response with status 200, or 304 if the request has a validator
   * @throws UpstreamError
   */
  get(request: CiRequest): Promise<ApiResponse> {
    return this.#breaker.run(() => this.#send(request));
  }

  /**
   * @param proveReadable throws unless the repository can be read, since a 404 may hide a repository that the
   *   credentials may not read
   * @returns undefined if the resource does not exist
   * @throws UpstreamError
   */
  async find(request: CiRequest, proveReadable: () => Promise<unknown>): Promise<ApiResponse | undefined> {
    try {
      return await this.get(request);
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.failure.kind !== 'not_found') throw error;
      await proveReadable();
      return undefined;
    }
  }

  /** Reports runs that cannot be parsed to the metrics and the log. */
  reportUnread(unread: readonly UnreadRun[]): void {
    const { name, observer } = this.#options;
    const [first] = unread;
    if (first !== undefined) observer.skipped?.(name, unread.length, first.problem);
  }

  async #send({ method, path, query, json, validator, what, permission }: CiRequest): Promise<ApiResponse> {
    const { name, send, authorizer, now, timeoutMs, observer, describeFailure, readQuota } = this.#options;
    const { host, anonymous } = this;
    const response = await withDeadline(
      timeoutMs,
      () => timeoutError(host),
      async (signal) => {
        const headers = { authorization: await authorizer.authorize(), 'if-none-match': validator };
        return send({ method, path, query, json, headers, signal });
      },
    );
    const quota = readQuota(response, now());
    if (quota !== undefined) observer.quota(name, quota.remaining, quota.limit, quota.resetsAt);
    const { status } = response;
    if (status === 200 && typeof response.data === 'string') throw pageError(host, name);
    if (status === 200 || (status === 304 && validator !== undefined)) return response;
    if (status === 401) authorizer.invalidate();
    const call = { host, connection: name, anonymous, what, permission };
    throw new UpstreamError(describeFailure(response, call, now()));
  }
}
