/** Failures of a CI call: an unusable credential, or a response other than the one expected. Pure. */
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { ApiResponse } from '../upstream/json-api.ts';
import { malformed } from '../upstream/failures.ts';
import { parseRetryAfter } from '../upstream/retry-after.ts';

/** Describes a call for messages. */
export interface CallContext {
  readonly host: string;
  /** Name of the connection in the configuration. */
  readonly connection: string;
  readonly anonymous: boolean;
  /** `the workflow runs of acme/shop` */
  readonly what: string;
  /** The permission that the call needs; completes "it needs ...": `"Actions: read"`. */
  readonly permission: string;
}

/** Pause after a rate limit that names no time; GitHub's documentation asks for at least a minute. */
const DEFAULT_WAIT_MS = 60_000;

/**
 * Translates a status that has the same meaning for every provider.
 * @param now milliseconds since the epoch, when the response came
 */
export function describeStatus(response: ApiResponse, call: CallContext, now: number): UpstreamFailure {
  const { host, connection, anonymous, what, permission } = call;
  const { status } = response;
  const retryAfterMs = parseRetryAfter(response.headers, now);
  if (status === 401) return { kind: 'denied', host, message: describeUnauthorized(call) };
  if (status === 403) {
    const reason = anonymous
      ? `without credentials: give connection "${connection}" a token`
      : `to connection "${connection}": it needs ${permission}`;
    return { kind: 'denied', host, message: `${host} denies ${what} ${reason}` };
  }
  if (status === 404 && isPage(response)) {
    const message = `${host} has a page in place of an API at the url of connection "${connection}": check its path`;
    return { kind: 'malformed', host, message };
  }
  if (status === 404) {
    const message =
      `${host} does not know ${what}, or hides it from connection "${connection}": ` +
      `check the project's repository, and that the connection's credentials may read it (${permission})`;
    return { kind: 'not_found', host, message };
  }
  if (status === 429) {
    const message = `${host} limits the rate of connection "${connection}"`;
    return { kind: 'rate_limited', host, message, retryAfterMs: retryAfterMs ?? DEFAULT_WAIT_MS };
  }
  if (status >= 500) {
    return { kind: 'unavailable', host, message: `${host} cannot answer now (${status})`, retryAfterMs };
  }
  const message = `${host} answered with the unexpected status ${status}; check the connection's url`;
  return { kind: 'malformed', host, message };
}

/**
 * Each API's own 404 is JSON, or empty. Pages come from a web interface or a proxy, which know nothing about
 * the API's resources; Go's servers and ingress-nginx send a text.
 */
export function isPage({ headers, data }: ApiResponse): boolean {
  if (typeof data !== 'string') return false;
  return (
    /^\s*text\/html\b/i.test(headers['content-type'] ?? '') ||
    /^(?:404 page not found|default backend - 404)\s*$/.test(data)
  );
}

/** A response with status 200 that is no JSON: of a sign-in page, or of a server's web interface. */
export function pageError(host: string, connection: string): UpstreamError {
  const message =
    `${host} answered with a page or text in place of JSON: check the url of connection "${connection}", ` +
    'and that no sign-in page is in front of the API';
  return malformed(host, message);
}

function describeUnauthorized({ host, connection, anonymous }: CallContext): string {
  return anonymous
    ? `${host} requires credentials: give connection "${connection}" a token`
    : `${host} does not accept the token of connection "${connection}": it is wrong, expired or revoked`;
}

/** A credential that cannot be sent counts as denied, like one that upstream rejects. */
export function deniedError(host: string, message: string, cause?: unknown): UpstreamError {
  return new UpstreamError({ kind: 'denied', host, message }, { cause });
}

/**
 * @param read throws an Error with one clear line, which becomes the failure's message
 * @throws UpstreamError `denied`
 */
export function readSecret(read: () => string, host: string): string {
  try {
    return read();
  } catch (error) {
    if (error instanceof UpstreamError) throw error;
    throw deniedError(host, error instanceof Error ? error.message : 'the secret cannot be read', error);
  }
}
