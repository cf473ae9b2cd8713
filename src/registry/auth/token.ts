/**
 * Bearer tokens from a registry's token service
 * (https://distribution.github.io/distribution/spec/auth/token/ and .../oauth/).
 */
import { LRUCache } from 'lru-cache';
import {
  basicAuthorization,
  credentialIdentity,
  listSecrets,
  type Credential,
} from '../credentials/credential.ts';
import { denied, malformed } from '../failure.ts';
import { parseJsonObject } from '../json.ts';
import { extractReason } from '../error-reason.ts';
import type { FetchHttp, HttpResponse } from '../transport.ts';
import type { Clock } from '../../clock.ts';

/** What a token is asked for. */
export interface TokenQuery {
  readonly registry: string;
  /** For messages: `ghcr.io/acme/shop`. */
  readonly imageRepository: string;
  /** Already checked: the registry may send us there. */
  readonly realm: URL;
  /** Left out when the challenge has none (nvcr.io, renovatebot/renovate#17294). */
  readonly service?: string;
  /** In the order in which they are asked for. */
  readonly scopes: readonly string[];
  readonly credential: Credential;
}

export interface TokenSource {
  /**
   * From memory until 80% of the token's life has passed; concurrent calls share one exchange.
   * @returns the value of the `Authorization` header
   * @throws UpstreamError
   */
  fetchAuthorization(query: TokenQuery): Promise<string>;
  /** Drops the token if it is still the one that was refused. */
  forget(query: TokenQuery, refusedAuthorization: string): void;
}

interface KeptToken {
  readonly authorization: string;
  /** Milliseconds since the epoch. */
  readonly renewAt: number;
}

const MAX_TOKENS = 2000;
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Also when `expires_in` is missing (the specification says so; GHCR leaves it out). */
const SHORTEST_LIFE_S = 60;
const LONGEST_LIFE_S = 86_400;
const RENEWED_AT = 0.8;
/** Answers to a POST that mean "only GET here": GCR 404, others 405, JFrog 401, ACR 400. */
const NO_POST: ReadonlySet<number> = new Set([400, 401, 404, 405]);

export function createTokenSource(deps: { readonly fetchHttp: FetchHttp; readonly now: Clock }): TokenSource {
  const { fetchHttp, now } = deps;
  const kept = new LRUCache<string, KeptToken>({ max: MAX_TOKENS });
  const running = new Map<string, Promise<string>>();

  async function fetchAuthorization(query: TokenQuery): Promise<string> {
    const key = tokenKey(query);
    const known = kept.get(key);
    if (known !== undefined && now() < known.renewAt) return known.authorization;
    return running.get(key) ?? startExchange(key, query);
  }

  /** A failure is not kept: whoever asks next asks again. */
  function startExchange(key: string, query: TokenQuery): Promise<string> {
    const exchange = exchangeToken(query)
      .then((token) => {
        kept.set(key, token);
        return token.authorization;
      })
      .finally(() => running.delete(key));
    running.set(key, exchange);
    return exchange;
  }

  async function exchangeToken(query: TokenQuery): Promise<KeptToken> {
    const posted =
      query.credential.kind === 'identityToken' ? await post(query, query.credential.token) : undefined;
    const response = posted === undefined || NO_POST.has(posted.status) ? await get(query) : posted;
    // From our own receipt, not from `issued_at`: the clocks may differ.
    return parseAnswer(response, query, now());
  }

  function get(query: TokenQuery): Promise<HttpResponse> {
    const url = new URL(query.realm);
    if (query.service !== undefined) url.searchParams.append('service', query.service);
    for (const scope of query.scopes) url.searchParams.append('scope', scope);
    const authorization = basicAuthorization(query.credential);
    const headers = { ...commonHeaders, ...(authorization !== undefined && { authorization }) };
    return fetchHttp({ method: 'GET', url, registry: query.registry, headers, maxBytes: MAX_ANSWER_BYTES });
  }

  function post(query: TokenQuery, refreshToken: string): Promise<HttpResponse> {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'greenpin' });
    if (query.service !== undefined) form.append('service', query.service);
    form.append('scope', query.scopes.join(' '));
    form.append('refresh_token', refreshToken);
    return fetchHttp({
      method: 'POST',
      url: query.realm,
      registry: query.registry,
      headers: { ...commonHeaders, 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
      maxBytes: MAX_ANSWER_BYTES,
    });
  }

  function forget(query: TokenQuery, refusedAuthorization: string): void {
    const key = tokenKey(query);
    if (kept.get(key)?.authorization === refusedAuthorization) kept.delete(key);
  }

  return { fetchAuthorization, forget };
}

/** Artifactory answers 406 without Accept. */
const commonHeaders = { accept: 'application/json' } as const;

function tokenKey(query: TokenQuery): string {
  const { registry, realm, service, scopes, credential } = query;
  return JSON.stringify([registry, realm.href, service, scopes.toSorted(), credentialIdentity(credential)]);
}

function parseAnswer(response: HttpResponse, query: TokenQuery, receivedAt: number): KeptToken {
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
  return {
    authorization: `Bearer ${token}`,
    renewAt: receivedAt + lifeOf(answer['expires_in']) * 1000 * RENEWED_AT,
  };
}

/** It goes into a header, so that nothing but visible ASCII may be in it. */
function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

/** @returns seconds */
function lifeOf(expiresIn: unknown): number {
  const seconds = Number(expiresIn ?? SHORTEST_LIFE_S);
  return Number.isNaN(seconds)
    ? SHORTEST_LIFE_S
    : Math.min(Math.max(seconds, SHORTEST_LIFE_S), LONGEST_LIFE_S);
}
