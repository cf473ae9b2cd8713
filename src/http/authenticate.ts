/** Authenticates callers by the pre-shared token of Argo CD's plugin ConfigMap. */
import { hash, timingSafeEqual } from 'node:crypto';
import { createSecretReader, type SecretDeps, type SecretSource } from '../secrets/secret.ts';
import { parseTokens } from './tokens.ts';

const BEARER = /^bearer +(.+)$/i;

const REFUSED =
  "The bearer token is missing or wrong; the token of Argo CD's plugin generator must be in Greenpin's server.tokenFile (or server.tokenEnv)";
const NO_TOKEN =
  "Greenpin refuses every call because it has no token to compare with: server.tokenFile (or server.tokenEnv) is empty, cannot be read, or contains no valid token; Greenpin's log says which";
const REFUSING = "every call is refused until Argo CD's token is there";

export class Authenticator {
  readonly #readTokens: () => string | undefined;
  readonly #warn: (message: string) => void;
  readonly #checked: string | undefined;
  /** The last text and its tokens' digests, cached since tokens rarely change. */
  #text: string | undefined;
  #digests: readonly Buffer[] = [];

  /**
   * @param readTokens reads the current tokens, one per line. It is called for every request, so that a
   *   rotated secret takes effect immediately. If it returns undefined or no valid token, every call is
   *   refused.
   * @param warn called once per text and problem with its tokens, never with a token
   * @param checked a text whose problems have been reported already
   */
  constructor(
    readTokens: () => string | undefined,
    warn: (message: string) => void = () => undefined,
    checked?: string,
  ) {
    this.#readTokens = readTokens;
    this.#warn = warn;
    this.#checked = checked;
  }

  /**
   * @param authorization the request's header, as Node decodes it (latin1)
   * @returns the reason for refusing the call, for people; undefined if the token is valid
   */
  reject(authorization: string | undefined): string | undefined {
    const expected = this.#readDigests();
    if (expected.length === 0) return NO_TOKEN;
    const presented = BEARER.exec(authorization ?? '')?.[1];
    if (presented === undefined) return REFUSED;
    return isOneOf(digest(Buffer.from(presented, 'latin1')), expected) ? undefined : REFUSED;
  }

  /** @returns why no call can be accepted; undefined if there is a token */
  whyNotReady(): string | undefined {
    return this.#readDigests().length > 0 ? undefined : NO_TOKEN;
  }

  #readDigests(): readonly Buffer[] {
    const text = this.#readTokens();
    if (text !== this.#text) {
      this.#text = text;
      const { valid, remarks } = parseTokens(text ?? '');
      this.#digests = valid.map(digest);
      if (text !== this.#checked) for (const remark of remarks) this.#warn(remark);
    }
    return this.#digests;
  }
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

/**
 * @returns an authenticator by the configured token, which may appear or change while the process runs. It
 *   refuses every call while the token cannot be read; problems with the tokens are logged
 */
export function createServerAuthenticator(source: SecretSource, deps: SecretDeps): Authenticator {
  const place = 'file' in source ? `server.tokenFile ${source.file}` : `server.tokenEnv ${source.env}`;
  const warn = (problem: string) => deps.warn(`${place}: ${problem}`);
  // Read with a reader of its own, so that a token that is removed before the first call does not stay valid
  // as the last good one. A missing token does not prevent the start: it may be mounted a moment later.
  const atStart = readOptional(createSecretReader(source, deps), (error) =>
    deps.warn(`${error instanceof Error ? error.message : String(error)}; ${REFUSING}`),
  );
  if (atStart !== undefined && new Authenticator(() => atStart, warn).whyNotReady() !== undefined) {
    warn(`found no token that a caller can present; ${REFUSING}`);
  }
  const read = createSecretReader(source, deps);
  return new Authenticator(() => readOptional(read), warn, atStart);
}

function readOptional(read: () => string, onError?: (error: unknown) => void): string | undefined {
  try {
    return read();
  } catch (error) {
    onError?.(error);
    return undefined;
  }
}
