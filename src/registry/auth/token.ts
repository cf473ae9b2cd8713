/**
 * Bearer tokens from a registry's token service
 * (https://distribution.github.io/distribution/spec/auth/token/ and .../oauth/).
 */
import type { Clock } from '../../clock.ts';
import { createBoundedCache } from '../../resilience/bounded-cache.ts';
import { RenewingValue, type Expiring } from '../../resilience/renewing-value.ts';
import { basicAuthorization, credentialIdentity, listSecrets } from '../credentials/credential.ts';
import type { Credential } from '../credentials/credential.ts';
import { malformed } from '../../upstream/failures.ts';
import { denied } from '../failure.ts';
import { parseJsonObject } from '../json.ts';
import { extractReason } from '../error-reason.ts';
import type { HttpResponse } from '../../upstream/http-client.ts';
import { formPost, type FetchHttp } from '../transport.ts';

export interface TokenQuery {
  readonly registry: string;
  /** For messages: `ghcr.io/acme/shop`. */
  readonly imageRepository: string;
  /** The token service, already checked as an address that the registry may send us to. */
  readonly realm: URL;
  /** Undefined if the challenge has none (nvcr.io, renovatebot/renovate#17294). */
  readonly service: string | undefined;
  /** In the order in which they are requested. */
  readonly scopes: readonly string[];
  readonly credential: Credential;
}

const MAX_TOKENS = 2000;
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Also the specified default if `expires_in` is missing; GHCR omits it. */
const SHORTEST_LIFE_S = 60;
const LONGEST_LIFE_S = 86_400;
/** Responses to a POST that mean "only GET here": GCR 404, others 405, JFrog 401, ACR 400. */
const NO_POST: ReadonlySet<number> = new Set([400, 401, 404, 405]);

export class TokenSource {
  readonly #deps: { readonly fetchHttp: FetchHttp; readonly now: Clock };
  readonly #authorizations = createBoundedCache<RenewingValue<string>>(MAX_TOKENS);

  constructor(deps: { readonly fetchHttp: FetchHttp; readonly now: Clock }) {
    this.#deps = deps;
  }

  /**
   * Returns the token from memory until 80% of its lifetime has passed. Concurrent calls share one request.
   * @returns the value of the `Authorization` header
   * @throws UpstreamError
   */
  fetchAuthorization(query: TokenQuery): Promise<string> {
    const key = tokenKey(query);
    // A token is cheap to request, so callers wait for a new one rather than use an old one to its end.
    const authorization = this.#authorizations.get(key) ?? new RenewingValue<string>(this.#deps);
    this.#authorizations.set(key, authorization);
    return authorization.read(() => this.#fetchToken(query));
  }

  /** Drops the token if it is still the one that was rejected. */
  invalidate(query: TokenQuery, rejected: string): void {
    this.#authorizations.get(tokenKey(query))?.invalidate(rejected);
  }

  async #fetchToken(query: TokenQuery): Promise<Expiring<string>> {
    const { credential } = query;
    const posted =
      credential.kind === 'identityToken' ? await this.#post(query, credential.token) : undefined;
    const response = posted === undefined || NO_POST.has(posted.status) ? await this.#get(query) : posted;
    // The lifetime counts from our receipt, not from `issued_at`, since the clocks may differ.
    return parseResponse(response, query, this.#deps.now());
  }

  #get({ realm, service, scopes, credential, registry }: TokenQuery): Promise<HttpResponse> {
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.append('service', service);
    for (const scope of scopes) url.searchParams.append('scope', scope);
    const authorization = basicAuthorization(credential);
    // Artifactory answers 406 without Accept.
    const headers = { accept: 'application/json', authorization };
    return this.#deps.fetchHttp({ method: 'GET', url, registry, headers, maxBytes: MAX_ANSWER_BYTES });
  }

  #post({ realm, service, scopes, registry }: TokenQuery, refreshToken: string): Promise<HttpResponse> {
    const form = { grant_type: 'refresh_token', client_id: 'greenpin', ...(service && { service }) };
    const all = { ...form, scope: scopes.join(' '), refresh_token: refreshToken };
    return this.#deps.fetchHttp(formPost(realm, registry, all));
  }
}

function tokenKey(query: TokenQuery): string {
  const { registry, realm, service, scopes, credential } = query;
  return JSON.stringify([registry, realm.href, service, scopes.toSorted(), credentialIdentity(credential)]);
}

function parseResponse(response: HttpResponse, query: TokenQuery, receivedAt: number): Expiring<string> {
  const { host } = query.realm;
  if (response.status === 401 || response.status === 403)
    throw denied(host, query.imageRepository, query.credential, response.body);
  if (response.status !== 200) {
    const reason = extractReason(response.body, listSecrets(query.credential));
    const what = `${host}, the token service of ${query.registry}, answers ${response.status}`;
    throw malformed(host, reason === '' ? what : `${what}: ${reason}`);
  }
  const answer = parseJsonObject(response.body) ?? {};
  const token = [answer['access_token'], answer['token']].find(isToken);
  if (token === undefined) {
    throw malformed(host, `${host}, the token service of ${query.registry}, answers without a token`);
  }
  return { value: `Bearer ${token}`, expiresAt: receivedAt + parseLife(answer['expires_in']) * 1000 };
}

/** A token goes into a header, so it must be visible ASCII. */
function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

/** @returns seconds */
function parseLife(expiresIn: unknown): number {
  const seconds = Number(expiresIn ?? SHORTEST_LIFE_S);
  return Number.isNaN(seconds)
    ? SHORTEST_LIFE_S
    : Math.min(Math.max(seconds, SHORTEST_LIFE_S), LONGEST_LIFE_S);
}
