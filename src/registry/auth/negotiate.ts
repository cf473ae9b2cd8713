/** Decides how to authenticate, based on a registry's challenges after a rejected request. */
import { UpstreamError } from '../../errors.ts';
import type { ImageReference } from '../../image/image.ts';
import { imageRepository } from '../../image/reference.ts';
import { basicAuthorization, type Credential } from '../credentials/credential.ts';
import type { Endpoints } from '../endpoints.ts';
import { malformed } from '../../upstream/failures.ts';
import { denied } from '../failure.ts';
import type { HttpResponse } from '../../upstream/http-client.ts';
import type { FetchHttp } from '../transport.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import type { TokenQuery } from './token.ts';

/** How a request is authorized: not at all, with a fixed header, or with a token service's token. */
export type Authorization =
  | { readonly kind: 'none' }
  | { readonly kind: 'header'; readonly scheme: 'basic' | 'bearer'; readonly value: string }
  | TokenAuthorization;

export interface TokenAuthorization {
  readonly kind: 'token';
  readonly query: TokenQuery;
}

/** An image, and the credential that is configured for it. */
export interface Principal {
  readonly reference: ImageReference;
  readonly credential: Credential;
}

const MAX_PING_BYTES = 1024 * 1024;

export class ChallengeNegotiator {
  readonly #deps: { readonly fetchHttp: FetchHttp; readonly endpoints: Endpoints };

  constructor(deps: { readonly fetchHttp: FetchHttp; readonly endpoints: Endpoints }) {
    this.#deps = deps;
  }

  /**
   * @param rejected the registry's response to a request without authorization
   * @returns `none` if the registry demands nothing
   * @throws UpstreamError if there is no way to authenticate, or the token service's address is forbidden
   */
  async negotiate(rejected: HttpResponse, principal: Principal): Promise<Authorization> {
    const { registry } = principal.reference;
    const own = this.#deps.endpoints.apiUrl(registry, '/v2/');
    const given = rejected.url.origin === own.origin ? readChallenges(rejected) : [];
    // gcr.io has answered 401 without a challenge (containers/image#211), so ask `/v2/` for one. With GET,
    // since Gitea 1.26 answers HEAD with 405. Never `/v2/` alone, since a partly private zot answers 200
    // there (project-zot/zot#1917).
    const challenges = given.length > 0 ? given : readChallenges(await this.#ping(own, registry));
    const authorization = this.#select(challenges, own, principal);
    if (authorization !== undefined) return authorization;
    if (rejected.status !== 401) return { kind: 'none' };
    const repository = imageRepository(principal.reference);
    if (challenges.length > 0) throw denied(own.host, repository, principal.credential, rejected.body);
    const message = `${own.host} denies access to ${repository} and does not say how to authenticate`;
    throw new UpstreamError({ kind: 'denied', host: own.host, message });
  }

  /**
   * A host that the registry redirects to may demand an anonymous token of its own
   * (google/go-containerregistry#2359). It never sees our credentials.
   */
  negotiateRedirectHost(rejected: HttpResponse, reference: ImageReference): TokenAuthorization | undefined {
    const bearer = readChallenges(rejected).find(isBearer);
    if (bearer === undefined) return undefined;
    const credential: Credential = { kind: 'anonymous', source: 'no configured credentials' };
    return this.#authorizeByToken(bearer, rejected.url, { reference, credential }, parseScopes(bearer));
  }

  async #ping(url: URL, registry: string): Promise<HttpResponse> {
    const request = { method: 'GET', url, registry, headers: {}, maxBytes: MAX_PING_BYTES } as const;
    const response = await this.#deps.fetchHttp(request);
    return response.url.origin === url.origin ? response : { ...response, headers: {} };
  }

  /** Prefers Bearer to Basic; skips other schemes. */
  #select(challenges: readonly Challenge[], from: URL, principal: Principal): Authorization | undefined {
    const { credential, reference } = principal;
    if (credential.kind === 'registryToken' && challenges.length > 0) {
      return { kind: 'header', scheme: 'bearer', value: `Bearer ${credential.token}` };
    }
    const bearer = challenges.find(isBearer);
    if (bearer !== undefined) {
      // Challenges mislead about the scope: GHCR gives a placeholder (renovatebot/renovate#15686),
      // Artifactory none on HEAD (containerd/containerd#3556), Gitea `*`, public.ecr.aws `aws`.
      return this.#authorizeByToken(bearer, from, principal, [`repository:${reference.path}:pull`]);
    }
    const value = basicAuthorization(credential);
    const isBasic = value !== undefined && challenges.some(({ scheme }) => scheme === 'basic');
    return isBasic ? { kind: 'header', scheme: 'basic', value } : undefined;
  }

  #authorizeByToken(
    bearer: Challenge,
    from: URL,
    { reference, credential }: Principal,
    scopes: readonly string[],
  ): TokenAuthorization {
    const { registry } = reference;
    const realm = this.#parseRealm(bearer.parameters.get('realm') ?? '', from, registry);
    const service = bearer.parameters.get('service') || undefined;
    const repository = imageRepository(reference);
    const query = { registry, imageRepository: repository, realm, service, scopes, credential };
    return { kind: 'token', query };
  }

  #parseRealm(text: string, from: URL, registry: string): URL {
    if (!URL.canParse(text, from.href)) {
      throw malformed(from.host, `${from.host} names a token service whose address is not a URL`);
    }
    const realm = new URL(text, from);
    const refusal = this.#deps.endpoints.explainForbidden(realm, from, registry);
    if (refusal === undefined) return realm;
    const isPlain = realm.protocol === 'http:' && from.protocol === 'https:';
    const message = `${from.host} names as its token service ${refusal}`;
    throw malformed(from.host, message, isPlain ? 'plain_realm' : undefined);
  }
}

/**
 * Adds the challenge's scopes, which come first (as in ggcr's bearer.go), after a token was rejected for its
 * scope.
 * @returns undefined if the token was requested with all of them
 */
export function addScopes(
  authorization: TokenAuthorization,
  rejected: HttpResponse,
): TokenAuthorization | undefined {
  const { query } = authorization;
  const demanded = readChallenges(rejected).filter(isBearer).flatMap(parseScopes);
  const missing = demanded.filter((scope) => !query.scopes.includes(scope));
  if (missing.length === 0) return undefined;
  return { kind: 'token', query: { ...query, scopes: [...missing, ...query.scopes] } };
}

/** True if a 401 says that the token is valid but does not permit this (RFC 6750, 3.1). */
export function isInsufficientScope(rejected: HttpResponse): boolean {
  return readChallenges(rejected).some(({ parameters }) => parameters.get('error') === 'insufficient_scope');
}

function readChallenges(response: HttpResponse): Challenge[] {
  return parseChallenges(response.headers['www-authenticate']);
}

function isBearer({ scheme, parameters }: Challenge): boolean {
  return scheme === 'bearer' && parameters.has('realm') && parameters.get('realm') !== '';
}

function parseScopes(bearer: Challenge): string[] {
  return (bearer.parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
}
