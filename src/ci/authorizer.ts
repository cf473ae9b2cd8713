/** The Authorization header of a connection. */
import type { SecretReader } from '../secrets/secret.ts';
import { deniedError, readSecret, type CallContext } from './failure.ts';

export interface Authorizer {
  readonly anonymous: boolean;
  /**
   * @returns the header's value; undefined for anonymous access
   * @throws UpstreamError `denied` if the secret cannot be used; any failure of a token exchange
   */
  authorize(): Promise<string | undefined>;
  /** Called when the last value was rejected (401). */
  invalidate(): void;
  /** Returns another number whenever the secret has changed. */
  generation(): number;
}

/**
 * Sends a token as it is. Reads it before each call, to notice a changed file.
 * @param read undefined: the connection is anonymous
 * @param scheme `Bearer`
 */
export function createTokenAuthorizer(
  read: SecretReader | undefined,
  scheme: string,
  call: Pick<CallContext, 'host' | 'connection'>,
): Authorizer {
  return {
    anonymous: read === undefined,
    authorize: async () => read && formatAuthorization(scheme, readSecret(read, call.host), call),
    // The next call reads the token anyway.
    invalidate: () => undefined,
    generation: read === undefined ? () => 0 : countChanges(read),
  };
}

/**
 * Token formats vary and will change; the only requirement is that a header can carry the token.
 * @throws UpstreamError `denied`
 */
export function formatAuthorization(
  scheme: string,
  token: string,
  call: Pick<CallContext, 'host' | 'connection'>,
): string {
  return `${scheme} ${checkToken(token, call)}`;
}

function checkToken(token: string, { host, connection }: Pick<CallContext, 'host' | 'connection'>): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const message = `the token of connection "${connection}" is empty, or holds a character that no token has`;
  throw deniedError(host, message);
}

/**
 * Sends a token by HTTP Basic (RFC 7617), as APIs with users require.
 * @param username may be empty; must not contain a colon
 */
export function createBasicAuthorizer(
  read: SecretReader | undefined,
  username: string,
  call: Pick<CallContext, 'host' | 'connection'>,
): Authorizer {
  const encoded =
    read && ((): string => Buffer.from(`${username}:${checkToken(read(), call)}`).toString('base64'));
  return createTokenAuthorizer(encoded, 'Basic', call);
}

/** Counts changes of the secret; an unreadable secret counts as unchanged. */
export function countChanges(read: SecretReader): () => number {
  let last: string | undefined;
  let changes = 0;
  return () => {
    try {
      const secret = read();
      if (last !== undefined && secret !== last) changes += 1;
      last = secret;
    } catch {
      // The call itself reports the error.
    }
    return changes;
  };
}
