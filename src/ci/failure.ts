/** Failures of a CI call: an unusable credential, or a response other than the one expected. Pure. */
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { ApiResponse } from '../upstream/json-api.ts';
import { parseRetryAfter } from '../upstream/retry-after.ts';

/** Describes a call for messages. */
export interface CallContext {
  readonly host: string;
  /** Name of the connection in the configuration. */
  readonly connection: string;
  readonly anonymous: boolean;
  /** `the workflow runs of acme/shop` */
  readonly what: string;
  /** The permission that the call needs, quoted if it is the provider's own term: `"Actions: read"`. */
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
  if (status === 404) {
    const message =
      `${host} does not know ${what}, or hides it from connection "${connection}": ` +
      `check the project's repository, and that the connection has ${permission}`;
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
