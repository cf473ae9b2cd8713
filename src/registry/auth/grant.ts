/** What opens an image repository: chosen from the challenges of a registry that has refused a request. */
import { UpstreamError } from '../../errors.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import { basicAuthorization, type Credential } from '../credentials/credential.ts';
import type { Endpoints } from '../endpoints.ts';
import { malformed } from '../../upstream/failures.ts';
import { denied } from '../failure.ts';
import { imageRepository } from '../../image/reference.ts';
import type { TokenQuery } from './token.ts';
import type { HttpResponse } from '../../upstream/http-client.ts';
import type { FetchHttp } from '../transport.ts';
import type { ImageReference } from '../../image/image.ts';

export type Grant =
  | { readonly kind: 'none' }
  | { readonly kind: 'header'; readonly scheme: 'basic' | 'bearer'; readonly value: string }
  | TokenGrant;

export interface TokenGrant {
  readonly kind: 'token';
  readonly query: TokenQuery;
}

/** Who asks for what. */
export interface Subject {
  readonly reference: ImageReference;
  readonly credential: Credential;
}

export interface GrantFinder {
  /**
   * @param refused the registry's answer to a request without authorization
   * @returns `none` when the registry asks for nothing
   * @throws UpstreamError when there is no way to authenticate, or the token service is where it must not be
   */
  findGrant(refused: HttpResponse, subject: Subject): Promise<Grant>;
  /**
   * A redirected host's own challenge wants an anonymous token of that host (google/go-containerregistry#2359); our credentials
   * are none of its business.
   */
  findForeignGrant(refused: HttpResponse, reference: ImageReference): TokenGrant | undefined;
}

const MAX_PING_BYTES = 1024 * 1024;

export function createGrantFinder(deps: {
  readonly fetchHttp: FetchHttp;
  readonly endpoints: Endpoints;
}): GrantFinder {
  const { fetchHttp, endpoints } = deps;

  async function findGrant(refused: HttpResponse, subject: Subject): Promise<Grant> {
    const { registry } = subject.reference;
    const own = endpoints.apiUrl(registry, '/v2/');
    const given = refused.url.origin === own.origin ? challengesOf(refused) : [];
    // gcr.io's 401 has borne no challenge (containers/image#211). GET, since Gitea 1.26 answers HEAD with 405; never this alone,
    // since a partly private zot answers 200 here (project-zot/zot#1917).
    const challenges = given.length > 0 ? given : challengesOf(await ping(own, registry));
    const grant = selectGrant(challenges, own, subject);
    if (grant !== undefined) return grant;
    if (refused.status !== 401) return { kind: 'none' };
    throw challenges.length === 0
      ? unexplained(own.host, subject)
      : denialOf(own.host, subject, refused.body);
  }

  async function ping(url: URL, registry: string): Promise<HttpResponse> {
    const response = await fetchHttp({ method: 'GET', url, registry, headers: {}, maxBytes: MAX_PING_BYTES });
    return response.url.origin === url.origin ? response : { ...response, headers: {} };
  }

  /** Bearer before Basic; schemes that are neither are skipped. */
  function selectGrant(challenges: readonly Challenge[], from: URL, subject: Subject): Grant | undefined {
    const { credential, reference } = subject;
    if (credential.kind === 'registryToken' && challenges.length > 0) {
      return { kind: 'header', scheme: 'bearer', value: `Bearer ${credential.token}` };
    }
    const bearer = challenges.find(isBearer);
    if (bearer !== undefined) {
      // Challenges mislead about the scope: GHCR gives a placeholder (renovatebot/renovate#15686), Artifactory none on HEAD
      // (containerd/containerd#3556), Gitea `*`, public.ecr.aws `aws`.
      return createTokenGrant(bearer, from, subject, [`repository:${reference.path}:pull`]);
    }
    const value = basicAuthorization(credential);
    const basic = value !== undefined && challenges.some(({ scheme }) => scheme === 'basic');
    return basic ? { kind: 'header', scheme: 'basic', value } : undefined;
  }

  function createTokenGrant(
    bearer: Challenge,
    from: URL,
    subject: Subject,
    scopes: readonly string[],
  ): TokenGrant {
    const { reference, credential } = subject;
    const text = bearer.parameters.get('realm') ?? '';
    if (!URL.canParse(text, from.href))
      throw malformed(from.host, `${from.host} names a token service that is no URL`);
    const realm = new URL(text, from);
    const refusal = endpoints.refusal(realm, from, reference.registry);
    if (refusal !== undefined) {
      const isPlain = realm.protocol === 'http:' && from.protocol === 'https:';
      throw malformed(
        from.host,
        `${from.host} names as its token service ${refusal}`,
        isPlain ? 'plain_realm' : undefined,
      );
    }
    const service = bearer.parameters.get('service') ?? '';
    const query = {
      registry: reference.registry,
      imageRepository: imageRepository(reference),
      realm,
      scopes,
      credential,
    };
    return { kind: 'token', query: service === '' ? query : { ...query, service } };
  }

  function findForeignGrant(refused: HttpResponse, reference: ImageReference): TokenGrant | undefined {
    const bearer = challengesOf(refused).find(isBearer);
    if (bearer === undefined) return undefined;
    const credential: Credential = { kind: 'anonymous', source: 'no configured credentials' };
    return createTokenGrant(bearer, refused.url, { reference, credential }, scopesOf(bearer));
  }

  return { findGrant, findForeignGrant };
}

/**
 * After a token was refused for its scope: once more, with the challenge's scope first (as ggcr's bearer.go).
 * @returns undefined when the challenge asks for nothing that the token was not asked for already
 */
export function widenGrant(grant: TokenGrant, refused: HttpResponse): TokenGrant | undefined {
  const asked = challengesOf(refused).filter(isBearer).flatMap(scopesOf);
  const more = asked.filter((scope) => !grant.query.scopes.includes(scope));
  if (more.length === 0) return undefined;
  return { kind: 'token', query: { ...grant.query, scopes: [...more, ...grant.query.scopes] } };
}

/** Whether a 401 says that the token is good, but not for this (RFC 6750, 3.1). */
export function isInsufficientScope(refused: HttpResponse): boolean {
  return challengesOf(refused).some(({ parameters }) => parameters.get('error') === 'insufficient_scope');
}

function challengesOf(response: HttpResponse): Challenge[] {
  return parseChallenges(response.headers['www-authenticate']);
}

function isBearer({ scheme, parameters }: Challenge): boolean {
  return scheme === 'bearer' && parameters.has('realm') && parameters.get('realm') !== '';
}

function scopesOf(bearer: Challenge): string[] {
  return (bearer.parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
}

function denialOf(host: string, { reference, credential }: Subject, body: Buffer): UpstreamError {
  return denied(host, imageRepository(reference), credential, body);
}

function unexplained(host: string, { reference }: Subject): UpstreamError {
  const message = `${host} denies access to ${imageRepository(reference)} and does not say how to authenticate`;
  return new UpstreamError({ kind: 'denied', host, message });
}
