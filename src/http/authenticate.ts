/** Who may call: the holder of the pre-shared token of Argo CD's plugin ConfigMap (design §1). */
import { hash, timingSafeEqual } from 'node:crypto';
import { parseTokens } from './tokens.ts';

const BEARER = /^bearer +(.+)$/i;

const REFUSED =
  'The bearer token is missing or wrong; the token of the plugin generator in Argo CD must be one in server.tokenFile (or server.tokenEnv) of Greenpin';
const NO_TOKEN =
  'Greenpin has no token to compare with, so every call is refused: server.tokenFile (or server.tokenEnv) is empty, cannot be read, or holds no token; the log of Greenpin says which';

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
 * @param readTokens the tokens as they are now, one a line; it is asked at every call, so that a rotated secret counts at once.
 *   Undefined, or none in it: nobody gets in.
 * @param tell is told once of each text what is odd about it, and never a token
 * @param known a text of which that has been told already
 */
export function createAuthenticator(
  readTokens: () => string | undefined,
  tell: (remark: string) => void = () => undefined,
  known?: string,
): Authenticator {
  const digestsOf = createDigestsOfLast(tell, known);
  return {
    refusal(authorization) {
      const expected = digestsOf(readTokens());
      if (expected.length === 0) return NO_TOKEN;
      const presented = authorization === undefined ? null : BEARER.exec(authorization);
      if (presented?.[1] === undefined) return REFUSED;
      return isOneOf(digest(Buffer.from(presented[1], 'latin1')), expected) ? undefined : REFUSED;
    },
    notReady: () => (digestsOf(readTokens()).length > 0 ? undefined : NO_TOKEN),
  };
}

function digest(data: Buffer | string): Buffer {
  return hash('sha256', data, 'buffer');
}

/** Digests are of one length, and each is looked at, so the time tells neither a token's length nor which one it was. */
function isOneOf(presented: Buffer, expected: readonly Buffer[]): boolean {
  let found = false;
  for (const each of expected) found = timingSafeEqual(presented, each) || found;
  return found;
}

/** The tokens change once in months, so their digests are kept until they do. */
function createDigestsOfLast(
  tell: (remark: string) => void,
  known: string | undefined,
): (text: string | undefined) => readonly Buffer[] {
  let last: string | undefined;
  let digests: readonly Buffer[] = [];
  return (text) => {
    if (text !== last) {
      last = text;
      const { valid, remarks } = parseTokens(text ?? '');
      digests = valid.map(digest);
      if (text !== known) for (const remark of remarks) tell(remark);
    }
    return digests;
  };
}
