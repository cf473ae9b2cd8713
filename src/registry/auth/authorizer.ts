/**
 * Sends requests to a registry with whatever authorization it accepts. Without any at first: GHCR answers an authorization that it has
 * not demanded with DENIED and no challenge (renovatebot/renovate#11446). What opened an image repository is remembered.
 */
import type { LRUCache } from 'lru-cache';
import { UpstreamError } from '../../errors.ts';
import type { ImageReference } from '../../image/image.ts';
import { imageRepository } from '../../image/reference.ts';
import { createBoundedCache } from '../../resilience/bounded-cache.ts';
import { SingleFlight } from '../../resilience/single-flight.ts';
import { credentialIdentity, type Credential } from '../credentials/credential.ts';
import type { Endpoints } from '../endpoints.ts';
import { NoAccess } from '../failure.ts';
import { parseRegistryErrors } from '../manifest/registry-error.ts';
import type { FetchHttp, HttpRequest, HttpResponse } from '../transport.ts';
import { addScopes, ChallengeNegotiator, isInsufficientScope } from './negotiate.ts';
import type { Authorization, Principal, TokenAuthorization } from './negotiate.ts';
import type { TokenSource } from './token.ts';

export interface AuthorizerDeps {
  readonly fetchHttp: FetchHttp;
  readonly endpoints: Endpoints;
  readonly tokens: TokenSource;
  readonly delay: (ms: number) => Promise<void>;
}

/** A request that was answered. */
export interface Sent {
  readonly authorization: Authorization;
  /** The header that was sent. */
  readonly header: string | undefined;
  readonly response: HttpResponse;
}

/** A search for what opens a repository, shared by those who wait for it. */
interface Search {
  /** The request of the caller who searches. */
  readonly request: HttpRequest;
  /** That request, sent without authorization. */
  readonly bare: Promise<Sent>;
  /** Undefined: the request was not answered. */
  readonly found: Authorization | undefined;
}

export const UNAUTHORIZED: Authorization = { kind: 'none' };
const MAX_AUTHORIZATIONS = 5000;
/** Docker Hub's servers disagree about the time, so a new token may not be valid yet (docker/hub-feedback#647). */
const CLOCK_SKEW_MS = 1000;

/** Each method throws UpstreamError: NoAccess if there is no way to authenticate. */
export class Authorizer {
  readonly #fetchHttp: FetchHttp;
  readonly #tokens: TokenSource;
  readonly #delay: (ms: number) => Promise<void>;
  readonly #negotiator: ChallengeNegotiator;
  /** What opens each image repository. */
  readonly #known: LRUCache<string, Authorization> = createBoundedCache(MAX_AUTHORIZATIONS);
  readonly #searches = new SingleFlight();

  constructor(deps: AuthorizerDeps) {
    this.#fetchHttp = deps.fetchHttp;
    this.#tokens = deps.tokens;
    this.#delay = deps.delay;
    this.#negotiator = new ChallengeNegotiator(deps);
  }

  /** @returns undefined if it is not known what opens the repository */
  peek(principal: Principal): Authorization | undefined {
    return this.#known.get(keyOf(principal));
  }

  /** @returns undefined if it is not known what opens the repository */
  async sendKnown(request: HttpRequest, principal: Principal): Promise<Sent | undefined> {
    const key = keyOf(principal);
    const authorization = this.#known.get(key);
    if (authorization === undefined) return undefined;
    if (await this.#isUsable(authorization)) return this.#send(authorization, request, principal);
    if (this.#known.get(key) === authorization) this.#known.delete(key);
    return undefined;
  }

  /**
   * Finds out what opens the repository. Concurrent requests to a repository that is new wait for the challenge of the first one instead
   * of provoking one each.
   * @param rejected what became of the request with the authorization that was known
   */
  async sendSearching(request: HttpRequest, principal: Principal, rejected: Sent | undefined): Promise<Sent> {
    const key = keyOf(principal);
    if (rejected !== undefined) this.#forget(key, rejected);
    const known = this.#known.get(key);
    if (known !== undefined) return this.#send(known, request, principal);

    let search = await this.#searches.do(key, () => this.#search(request, principal, rejected));
    if (search.request !== request) {
      if (search.found !== undefined) return this.#send(search.found, request, principal);
      // The failure may be specific to that image, so each waiting caller searches on its own.
      search = await this.#search(request, principal, rejected);
    }
    const { bare, found } = search;
    return found === undefined || found.kind === 'none' ? bare : this.#sendNew(found, request, principal);
  }

  async #search(request: HttpRequest, principal: Principal, rejected: Sent | undefined): Promise<Search> {
    const bare =
      rejected?.authorization.kind === 'none'
        ? Promise.resolve(rejected)
        : this.#send(UNAUTHORIZED, request, principal);
    const sent = await bare.catch(() => undefined);
    if (sent === undefined) return { request, bare, found: undefined };
    const found = isRejection(sent, request, principal.credential)
      ? await asAccess(this.#negotiator.negotiate(sent.response, principal))
      : UNAUTHORIZED;
    if (!isInconclusive({ ...sent, authorization: found })) this.#known.set(keyOf(principal), found);
    return { request, bare, found };
  }

  /** @returns false if the token service gives nothing: it may have moved, and the registry says where to */
  async #isUsable(authorization: Authorization): Promise<boolean> {
    try {
      await this.#createHeader(authorization);
      return true;
    } catch (error) {
      if (error instanceof UpstreamError && error.failure.kind !== 'rate_limited') return false;
      throw error;
    }
  }

  #forget(key: string, { authorization, header }: Sent): void {
    if (this.#known.get(key) === authorization) this.#known.delete(key);
    if (authorization.kind === 'token' && header !== undefined) {
      this.#tokens.invalidate(authorization.query, header);
    }
  }

  async #sendNew(found: Authorization, request: HttpRequest, principal: Principal): Promise<Sent> {
    const first = await this.#send(found, request, principal);
    if (first.response.status !== 401) return first;
    const last = found.kind === 'token' ? await this.#sendAgain(found, request, principal, first) : first;
    const key = keyOf(principal);
    if (last.response.status === 401) this.#forget(key, last);
    else this.#known.set(key, last.authorization);
    return last;
  }

  async #sendAgain(
    authorization: TokenAuthorization,
    request: HttpRequest,
    principal: Principal,
    rejected: Sent,
  ): Promise<Sent> {
    if (!isInsufficientScope(rejected.response)) {
      await this.#delay(CLOCK_SKEW_MS);
      return this.#send(authorization, request, principal);
    }
    const wider = addScopes(authorization, rejected.response);
    return wider === undefined ? rejected : this.#send(wider, request, principal);
  }

  async #send(authorization: Authorization, request: HttpRequest, { reference }: Principal): Promise<Sent> {
    const header = await asAccess(this.#createHeader(authorization));
    const response = await this.#fetchHttp(withHeader(request, header));
    const isOtherHost = response.status === 401 && response.url.origin !== request.url.origin;
    return {
      authorization,
      header,
      response: isOtherHost ? await this.#sendToRedirectHost(request, response, reference) : response,
    };
  }

  async #sendToRedirectHost(
    request: HttpRequest,
    rejected: HttpResponse,
    reference: ImageReference,
  ): Promise<HttpResponse> {
    const authorization = this.#negotiator.negotiateRedirectHost(rejected, reference);
    if (authorization === undefined) return rejected;
    const header = await this.#createHeader(authorization);
    return this.#fetchHttp(withHeader({ ...request, url: rejected.url }, header));
  }

  async #createHeader(authorization: Authorization): Promise<string | undefined> {
    switch (authorization.kind) {
      case 'none':
        return undefined;
      case 'header':
        return authorization.value;
      case 'token':
        return this.#tokens.fetchAuthorization(authorization.query);
    }
  }
}

/** True if a method that the registry does not support was all that was sent, which says nothing about authentication. */
export function isInconclusive({ authorization, response: { status } }: Sent): boolean {
  return authorization.kind === 'none' && (status === 405 || status === 501);
}

/**
 * Whether other credentials might get another answer. If credentials are configured, a 404 to a request without them proves nothing: some
 * registries hide private images behind it. public.ecr.aws answers a rejected token with 400 and DENIED (oras-project/oras-go#1227; on
 * HEAD without the body), private ECR with 403.
 */
export function isRejection(
  { authorization, response }: Sent,
  request: HttpRequest,
  credential: Credential,
): boolean {
  const { status, body } = response;
  if (status === 401) return true;
  if (authorization.kind === 'none' && credential.kind === 'anonymous') return false;
  if (status === 403 || (status === 404 && authorization.kind === 'none')) return true;
  const isDenied =
    request.method === 'HEAD' || parseRegistryErrors(body).some(({ code }) => code === 'DENIED');
  return status === 400 && isDenied;
}

/** @throws NoAccess in place of any other UpstreamError */
async function asAccess<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof UpstreamError ? new NoAccess(error.failure) : error;
  }
}

function withHeader(request: HttpRequest, authorization: string | undefined): HttpRequest {
  return authorization === undefined
    ? request
    : { ...request, headers: { ...request.headers, authorization } };
}

function keyOf({ reference, credential }: Principal): string {
  return `${imageRepository(reference)} ${credentialIdentity(credential)}`;
}
