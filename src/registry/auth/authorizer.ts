/**
 * Sends requests to a registry with an authorization that it accepts. The first request has none, since GHCR
 * answers one that it has not demanded with DENIED and no challenge (renovatebot/renovate#11446). The
 * authorization that worked is remembered for each image repository.
 */
import { UpstreamError } from '../../errors.ts';
import { imageRepository } from '../../image/reference.ts';
import { createBoundedCache } from '../../resilience/bounded-cache.ts';
import { SingleFlight } from '../../resilience/single-flight.ts';
import { credentialIdentity } from '../credentials/credential.ts';
import type { Endpoints } from '../endpoints.ts';
import { NoAccess } from '../failure.ts';
import { parseRegistryErrors } from '../manifest/registry-error.ts';
import type { HttpResponse } from '../../upstream/http-client.ts';
import type { FetchHttp, RegistryRequest } from '../transport.ts';
import { addScopes, ChallengeNegotiator, isInsufficientScope } from './negotiate.ts';
import type { Authorization, Principal, TokenAuthorization } from './negotiate.ts';
import type { TokenSource } from './token.ts';

export interface AuthorizerDeps {
  readonly fetchHttp: FetchHttp;
  readonly endpoints: Endpoints;
  readonly tokens: TokenSource;
  readonly delay: (ms: number) => Promise<void>;
}

/** A request, with the image it is about and the credential it may be sent with. */
export interface Call extends Principal {
  readonly request: RegistryRequest;
}

/** A request that was answered. */
export interface Sent {
  readonly authorization: Authorization;
  readonly header: string | undefined;
  readonly response: HttpResponse;
}

/** A search for the authorization that a repository accepts, shared by waiting callers. */
interface Search {
  /** The call of the searching caller. */
  readonly call: Call;
  /** Its response without authorization. */
  readonly bare: Promise<Sent>;
  /** Undefined if the request got no response. */
  readonly found: Authorization | undefined;
}

export const UNAUTHORIZED: Authorization = { kind: 'none' };
const MAX_AUTHORIZATIONS = 5000;
/** Docker Hub's clocks differ, so a new token may not be valid yet (docker/hub-feedback#647). */
const CLOCK_SKEW_MS = 1000;

/** Each method throws UpstreamError: NoAccess if there is no way to authenticate. */
export class Authorizer {
  readonly #deps: AuthorizerDeps;
  readonly #negotiator: ChallengeNegotiator;
  /** The authorization that each image repository accepts. */
  readonly #known = createBoundedCache<Authorization>(MAX_AUTHORIZATIONS);
  readonly #searches = new SingleFlight();

  constructor(deps: AuthorizerDeps) {
    this.#deps = deps;
    this.#negotiator = new ChallengeNegotiator(deps);
  }

  /** @returns undefined if the repository's authorization is not known yet */
  peek(principal: Principal): Authorization | undefined {
    return this.#known.get(toKey(principal));
  }

  /**
   * @param mayAuthenticate false if a rejection is final
   * @returns the response, and whether it took a new search for an authorization
   */
  async send(call: Call, mayAuthenticate: boolean): Promise<Sent & { readonly isNew: boolean }> {
    const sent = await this.#sendKnown(call);
    if (sent !== undefined && !(mayAuthenticate && isRejection(sent, call))) {
      return { ...sent, isNew: false };
    }
    const found = await this.#sendSearching(call, sent);
    return { ...found, isNew: !isInconclusive(found) };
  }

  /** @returns undefined if the repository's authorization is not known yet */
  async #sendKnown(call: Call): Promise<Sent | undefined> {
    const key = toKey(call);
    const authorization = this.#known.get(key);
    if (authorization === undefined) return undefined;
    if (await this.#isUsable(authorization)) return this.#try(authorization, call);
    if (this.#known.get(key) === authorization) this.#known.delete(key);
    return undefined;
  }

  /**
   * Finds the authorization that the repository accepts. Concurrent requests to a new repository wait for the
   * first one's challenge instead of each provoking one.
   * @param rejected the result of the request with the known authorization
   */
  async #sendSearching(call: Call, rejected: Sent | undefined): Promise<Sent> {
    const key = toKey(call);
    if (rejected !== undefined) this.#forget(key, rejected);
    const known = this.#known.get(key);
    if (known !== undefined) return this.#try(known, call);

    let search = await this.#searches.do(key, () => this.#search(call, rejected));
    if (search.call !== call) {
      if (search.found !== undefined) return this.#try(search.found, call);
      // The failure may be specific to that image, so each waiting caller searches on its own.
      search = await this.#search(call, rejected);
    }
    const { bare, found } = search;
    return found === undefined || found.kind === 'none' ? bare : this.#sendNew(found, call);
  }

  async #search(call: Call, rejected: Sent | undefined): Promise<Search> {
    const bare =
      rejected?.authorization.kind === 'none' ? Promise.resolve(rejected) : this.#try(UNAUTHORIZED, call);
    const sent = await bare.catch(() => undefined);
    if (sent === undefined) return { call, bare, found: undefined };
    const found = isRejection(sent, call)
      ? await asAccess(this.#negotiator.negotiate(sent.response, call))
      : UNAUTHORIZED;
    if (!isInconclusive({ ...sent, authorization: found })) this.#known.set(toKey(call), found);
    return { call, bare, found };
  }

  /** @returns false if the token service issues no token: it may have moved, and the registry says where */
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
      this.#deps.tokens.invalidate(authorization.query, header);
    }
  }

  async #sendNew(found: Authorization, call: Call): Promise<Sent> {
    const first = await this.#try(found, call);
    if (first.response.status !== 401) return first;
    const last = found.kind === 'token' ? await this.#sendAgain(found, call, first) : first;
    const key = toKey(call);
    if (last.response.status === 401) this.#forget(key, last);
    else this.#known.set(key, last.authorization);
    return last;
  }

  async #sendAgain(authorization: TokenAuthorization, call: Call, rejected: Sent): Promise<Sent> {
    if (!isInsufficientScope(rejected.response)) {
      await this.#deps.delay(CLOCK_SKEW_MS);
      return this.#try(authorization, call);
    }
    const wider = addScopes(authorization, rejected.response);
    return wider === undefined ? rejected : this.#try(wider, call);
  }

  async #try(authorization: Authorization, call: Call): Promise<Sent> {
    const { request } = call;
    const header = await asAccess(this.#createHeader(authorization));
    const response = await this.#deps.fetchHttp(withHeader(request, header));
    const isOtherHost = response.status === 401 && response.url.origin !== request.url.origin;
    if (!isOtherHost) return { authorization, header, response };
    return { authorization, header, response: await this.#sendToRedirectHost(call, response) };
  }

  async #sendToRedirectHost({ request, reference }: Call, rejected: HttpResponse): Promise<HttpResponse> {
    const authorization = this.#negotiator.negotiateRedirectHost(rejected, reference);
    if (authorization === undefined) return rejected;
    const header = await this.#createHeader(authorization);
    return this.#deps.fetchHttp(withHeader({ ...request, url: rejected.url }, header));
  }

  async #createHeader(authorization: Authorization): Promise<string | undefined> {
    switch (authorization.kind) {
      case 'none':
        return undefined;
      case 'header':
        return authorization.value;
      case 'token':
        return this.#deps.tokens.fetchAuthorization(authorization.query);
    }
  }
}

/** An unsupported method says nothing about authentication. */
function isInconclusive({ authorization, response: { status } }: Sent): boolean {
  return authorization.kind === 'none' && (status === 405 || status === 501);
}

/**
 * True if other credentials might get another answer. If credentials are configured, a 404 to a request
 * without them proves nothing: some registries hide private images behind it. public.ecr.aws answers a
 * rejected token with 400 and DENIED (oras-project/oras-go#1227; on HEAD without the body), private ECR with
 * 403.
 */
function isRejection({ authorization, response }: Sent, { request, credential }: Call): boolean {
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

function withHeader(request: RegistryRequest, authorization: string | undefined): RegistryRequest {
  return authorization === undefined
    ? request
    : { ...request, headers: { ...request.headers, authorization } };
}

function toKey({ reference, credential }: Principal): string {
  return `${imageRepository(reference)} ${credentialIdentity(credential)}`;
}
