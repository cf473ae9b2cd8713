/** Who may call: the holder of the pre-shared token of Argo CD's plugin ConfigMap (design §1). */
import { hash, timingSafeEqual } from 'node:crypto';

const BEARER = /^bearer +(.+)$/i;

const REFUSED =
  'The bearer token is missing or wrong; the token of the plugin generator in Argo CD must be the one in server.tokenFile (or server.tokenEnv) of Greenpin';
const NO_TOKEN =
  'Greenpin has no token to compare with, so every call is refused: server.tokenFile (or server.tokenEnv) is empty or cannot be read; the log of Greenpin says which';

export interface Authenticator {
  /**
   * @param authorization the request's header, as Node decodes it (latin1)
   * @returns why the call is refused, for a person; undefined when it may go on
   */
  refusal(authorization: string | undefined): string | undefined;
  /** @returns why no call at all can be let in; undefined when there is a token */
  notReady(): string | undefined;
}

/**
 * @param readToken the token as it is now; it is asked at every call, so that a rotated secret counts at once. Undefined or
 *   empty: there is none, and nobody gets in.
 */
export function createAuthenticator(readToken: () => string | undefined): Authenticator {
  const digestExpected = createDigestOfLast();
  return {
    refusal(authorization) {
      const token = readToken();
      if (!token) return NO_TOKEN;
      const presented = authorization === undefined ? null : BEARER.exec(authorization);
      if (presented?.[1] === undefined) return REFUSED;
      // Digests are of one length, so the comparison tells nothing of the token's.
      return timingSafeEqual(digest(Buffer.from(presented[1], 'latin1')), digestExpected(token))
        ? undefined
        : REFUSED;
    },
    notReady: () => (readToken() ? undefined : NO_TOKEN),
  };
}

function digest(data: Buffer | string): Buffer {
  return hash('sha256', data, 'buffer');
}

/** The token changes once in months, so its digest is kept until it does. */
function createDigestOfLast(): (token: string) => Buffer {
  let last = '';
  let lastDigest = digest(last);
  return (token) => {
    if (token !== last) {
      last = token;
      lastDigest = digest(token);
    }
    return lastDigest;
  };
}
