/** Authenticates callers by the pre-shared token of Argo CD's plugin ConfigMap. */
import { hash, timingSafeEqual } from 'node:crypto';
import { parseTokens } from './tokens.ts';

const BEARER = /^bearer +(.+)$/i;

const REFUSED =
  "The bearer token is missing or wrong; the token of Argo CD's plugin generator must be in Greenpin's server.tokenFile (or server.tokenEnv)";
const NO_TOKEN =
  "Greenpin refuses every call because it has no token to compare with: server.tokenFile (or server.tokenEnv) is empty, cannot be read, or contains no valid token; Greenpin's log says which";

export interface Authenticator {
  /**
   * @param authorization the request's header, as Node decodes it (latin1)
   * @returns the reason for refusing the call, for people; undefined if the token is valid
   */
  reject(authorization: string | undefined): string | undefined;
  /** @returns why no call can be accepted; undefined if there is a token */
  whyNotReady(): string | undefined;
}

/**
 * @param readTokens reads the current tokens, one per line. It is called for every request, so that a rotated
 *   secret takes effect immediately. If it returns undefined or no valid token, every call is refused.
 * @param warn called once per text and problem with its tokens, never with a token
 * @param checked a text whose problems have been reported already
 */
export function createAuthenticator(
  readTokens: () => string | undefined,
  warn: (message: string) => void = () => undefined,
  checked?: string,
): Authenticator {
  const digestTokens = createTokenDigester(warn, checked);
  return {
    reject(authorization) {
      const expected = digestTokens(readTokens());
      if (expected.length === 0) return NO_TOKEN;
      const presented = authorization === undefined ? null : BEARER.exec(authorization);
      if (presented?.[1] === undefined) return REFUSED;
      return isOneOf(digest(Buffer.from(presented[1], 'latin1')), expected) ? undefined : REFUSED;
    },
    whyNotReady: () => (digestTokens(readTokens()).length > 0 ? undefined : NO_TOKEN),
  };
}

function digest(data: Buffer | string): Buffer {
  return hash('sha256', data, 'buffer');
}

/** Compares all digests, so that the time does not reveal which token matched. */
function isOneOf(presented: Buffer, expected: readonly Buffer[]): boolean {
  let found = false;
  for (const each of expected) found = timingSafeEqual(presented, each) || found;
  return found;
}

/** Keeps the digests of the last text, because tokens change once in months. */
function createTokenDigester(
  warn: (message: string) => void,
  checked: string | undefined,
): (text: string | undefined) => readonly Buffer[] {
  let last: string | undefined;
  let digests: readonly Buffer[] = [];
  return (text) => {
    if (text !== last) {
      last = text;
      const { valid, remarks } = parseTokens(text ?? '');
      digests = valid.map(digest);
      if (text !== checked) for (const remark of remarks) warn(remark);
    }
    return digests;
  };
}
