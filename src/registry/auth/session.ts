/**
 * Sends a request to a registry with whatever authorization it takes. Without any first: GHCR answers an authorization that it has
 * not asked for with DENIED and no challenge (renovatebot/renovate#11446). What opened an image repository is kept for the next time.
 */
import { LRUCache } from 'lru-cache';
import { UpstreamError } from '../../errors.ts';
import { credentialIdentity, type Credential } from '../credentials/credential.ts';
import type { Endpoints } from '../endpoints.ts';
import { NoAccess } from '../failure.ts';
import { isInsufficientScope, widenGrant } from './grant.ts';
import type { Grant, GrantFinder, Subject, TokenGrant } from './grant.ts';
import { imageRepository } from '../../image/reference.ts';
import { parseRegistryErrors } from '../manifest/registry-error.ts';
import type { TokenSource } from './token.ts';
import type { HttpResponse } from '../../upstream/http-client.ts';
import type { FetchHttp, RegistryRequest } from '../transport.ts';
import type { ImageReference } from '../../image/image.ts';

/** How a registry was asked. */
export interface Access {
  /** `anonymous`: nothing was shown. (`bearer` with an anonymous credential is a token that everybody gets.) */
  readonly scheme: 'anonymous' | 'basic' | 'bearer';
  /** The one that is configured for the image, whether or not it had to be shown. */
  readonly credential: Credential;
}

/** The requests of one question about one image repository. */
export interface Session {
  /**
   * @param path below the repository: `manifests/latest`
   * @throws UpstreamError
   */
  send(method: 'GET' | 'HEAD', path: string, maxBytes: number, accept?: string): Promise<HttpResponse>;
  /** How the last request was sent. */
  access(): Access;
}

export interface AuthorizerDeps {
  readonly fetchHttp: FetchHttp;
  readonly endpoints: Endpoints;
  readonly grantFinder: GrantFinder;
  readonly tokens: TokenSource;
  /** May fetch and renew (cloud identities, with `fetchHttp` if they ask the registry itself); throws UpstreamError. */
  readonly credentialFor: (reference: ImageReference, fetchHttp: FetchHttp) => Promise<Credential>;
  readonly delay: (ms: number) => Promise<void>;
}

interface Sent {
  readonly grant: Grant;
  /** What was shown. */
  readonly authorization: string | undefined;
  readonly response: HttpResponse;
}

const NONE: Grant = { kind: 'none' };
const MAX_GRANTS = 5000;
/** Docker Hub's servers do not all have the same time, so that a new token may not be valid yet (docker/hub-feedback#647). */
const CLOCK_SKEW_MS = 1000;

/** @returns a function that opens a session; it throws UpstreamError when the credential cannot be had */
export function createAuthorizer(deps: AuthorizerDeps): (reference: ImageReference) => Promise<Session> {
  const { fetchHttp, endpoints, grantFinder, tokens, credentialFor, delay } = deps;
  const grants = new LRUCache<string, Grant>({ max: MAX_GRANTS });
  const searches = new Map<string, Promise<Grant | undefined>>();

  return async (reference) => {
    const { registry, path: repositoryPath } = reference;
    const subject: Subject = { reference, credential: await credentialFor(reference, fetchHttp) };
    let used = NONE;
    let isNew = false;

    /** A session authenticates anew at most once; what is refused after that is refused. */
    async function send(
      method: 'GET' | 'HEAD',
      path: string,
      maxBytes: number,
      accept?: string,
    ): Promise<HttpResponse> {
      const url = endpoints.apiUrl(registry, `/v2/${repositoryPath}/${path}`);
      const headers = accept === undefined ? {} : { accept };
      const request: RegistryRequest = { method, url, registry, headers, maxBytes };
      let sent: Sent | undefined;
      try {
        sent = await sendKnown(request, subject);
        if (sent === undefined || (!isNew && isRefusal(sent, request, subject.credential))) {
          sent = await sendSearching(request, subject, sent);
          isNew = !isUntold(sent);
        }
        return sent.response;
      } finally {
        used = sent?.grant ?? grants.get(grantKey(subject)) ?? NONE;
      }
    }

    return { send, access: () => ({ scheme: schemeOf(used), credential: subject.credential }) };
  };

  /** @returns undefined when it is not known what opens the repository */
  async function sendKnown(request: RegistryRequest, subject: Subject): Promise<Sent | undefined> {
    const key = grantKey(subject);
    const grant = grants.get(key);
    if (grant === undefined) return undefined;
    if (await isUsable(grant)) return sendGranted(grant, request, subject);
    if (grants.get(key) === grant) grants.delete(key);
    return undefined;
  }

  /** @returns false when the token service gives nothing: it may have moved, and the registry says where to */
  async function isUsable(grant: Grant): Promise<boolean> {
    try {
      await authorizationOf(grant);
      return true;
    } catch (error) {
      if (error instanceof UpstreamError && error.failure.kind !== 'rate_limited') return false;
      throw error;
    }
  }

  /**
   * Concurrent requests to a repository that is new wait for the first one's challenge instead of collecting one each.
   * @param refused what came of the grant that was known
   */
  async function sendSearching(
    request: RegistryRequest,
    subject: Subject,
    refused: Sent | undefined,
  ): Promise<Sent> {
    const key = grantKey(subject);
    if (refused !== undefined) forget(key, refused);
    const running = searches.get(key);
    const other = running === undefined ? grants.get(key) : await running;
    if (other !== undefined) return sendGranted(other, request, subject);

    const bare =
      refused?.grant.kind === 'none' ? Promise.resolve(refused) : sendGranted(NONE, request, subject);
    const search = searchGrant(bare, request, subject);
    searches.set(key, search);
    const grant = await search;
    return grant === undefined || grant.kind === 'none' ? bare : sendNew(grant, request, subject);
  }

  /**
   * @returns undefined when there was no answer: what befell one image need not befall the next, so that whoever waits asks by itself
   * @throws UpstreamError for all who wait, when there is no way to authenticate
   */
  async function searchGrant(
    bare: Promise<Sent>,
    request: RegistryRequest,
    subject: Subject,
  ): Promise<Grant | undefined> {
    const key = grantKey(subject);
    try {
      const sent = await bare.catch(() => undefined);
      if (sent === undefined) return undefined;
      const isOpen = !isRefusal(sent, request, subject.credential);
      const grant = isOpen ? NONE : await asAccess(grantFinder.findGrant(sent.response, subject));
      if (!isUntold({ ...sent, grant })) grants.set(key, grant);
      return grant;
    } finally {
      searches.delete(key);
    }
  }

  function forget(key: string, { grant, authorization }: Sent): void {
    if (grants.get(key) === grant) grants.delete(key);
    if (grant.kind === 'token' && authorization !== undefined) tokens.forget(grant.query, authorization);
  }

  async function sendNew(grant: Grant, request: RegistryRequest, subject: Subject): Promise<Sent> {
    const first = await sendGranted(grant, request, subject);
    if (first.response.status !== 401) return first;
    const second = grant.kind === 'token' ? await sendAgain(grant, request, subject, first) : first;
    const key = grantKey(subject);
    if (second.response.status === 401) forget(key, second);
    else grants.set(key, second.grant);
    return second;
  }

  async function sendAgain(
    grant: TokenGrant,
    request: RegistryRequest,
    subject: Subject,
    refused: Sent,
  ): Promise<Sent> {
    if (!isInsufficientScope(refused.response)) {
      await delay(CLOCK_SKEW_MS);
      return sendGranted(grant, request, subject);
    }
    const wider = widenGrant(grant, refused.response);
    return wider === undefined ? refused : sendGranted(wider, request, subject);
  }

  async function sendGranted(grant: Grant, request: RegistryRequest, { reference }: Subject): Promise<Sent> {
    const authorization = await asAccess(authorizationOf(grant));
    const response = await fetchHttp(withAuthorization(request, authorization));
    const isForeign = response.status === 401 && response.url.origin !== request.url.origin;
    return {
      grant,
      authorization,
      response: isForeign ? await sendForeign(request, response, reference) : response,
    };
  }

  async function sendForeign(
    request: RegistryRequest,
    refused: HttpResponse,
    reference: ImageReference,
  ): Promise<HttpResponse> {
    const grant = grantFinder.findForeignGrant(refused, reference);
    if (grant === undefined) return refused;
    return fetchHttp(withAuthorization({ ...request, url: refused.url }, await authorizationOf(grant)));
  }

  async function authorizationOf(grant: Grant): Promise<string | undefined> {
    switch (grant.kind) {
      case 'none':
        return undefined;
      case 'header':
        return grant.value;
      case 'token':
        return tokens.fetchAuthorization(grant.query);
    }
  }
}

/** @throws NoAccess in place of any other UpstreamError */
async function asAccess<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof UpstreamError ? new NoAccess(error.failure) : error;
  }
}

function withAuthorization(request: RegistryRequest, authorization: string | undefined): RegistryRequest {
  return authorization === undefined
    ? request
    : { ...request, headers: { ...request.headers, authorization } };
}

function grantKey({ reference, credential }: Subject): string {
  return `${imageRepository(reference)} ${credentialIdentity(credential)}`;
}

function schemeOf(grant: Grant): Access['scheme'] {
  switch (grant.kind) {
    case 'none':
      return 'anonymous';
    case 'token':
      return 'bearer';
    case 'header':
      return grant.scheme;
  }
}

/** Whether a method that the registry does not know was all that it was asked: that says nothing of what opens the repository. */
function isUntold({ grant, response: { status } }: Sent): boolean {
  return grant.kind === 'none' && (status === 405 || status === 501);
}

/**
 * Whether (other) credentials might get another answer. With credentials at hand, a 404 that was given without them is none: some
 * registries hide private images behind it. A refused token is answered with 400 and DENIED by public.ecr.aws (oras-project/oras-go#1227,
 * on HEAD without its body), with 403 by private ECR.
 */
function isRefusal({ grant, response }: Sent, request: RegistryRequest, credential: Credential): boolean {
  const { status, body } = response;
  if (status === 401) return true;
  if (grant.kind === 'none' && credential.kind === 'anonymous') return false;
  if (status === 403 || (status === 404 && grant.kind === 'none')) return true;
  const isDenied =
    request.method === 'HEAD' || parseRegistryErrors(body).some(({ code }) => code === 'DENIED');
  return status === 400 && isDenied;
}
