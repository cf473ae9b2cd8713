/** Authenticates callers by the configured token, which may appear or change while the process runs. */
import {
  createSecretReader,
  type SecretDeps,
  type SecretReader,
  type SecretSource,
} from '../secrets/secret.ts';
import { createAuthenticator, type Authenticator } from './authenticate.ts';

const REFUSED = "every call is refused until Argo CD's token is there";

/**
 * @returns an authenticator that refuses every call while the token cannot be read; problems with the tokens
 *   are logged
 */
export function createServerAuthenticator(source: SecretSource, deps: SecretDeps): Authenticator {
  const place = 'file' in source ? `server.tokenFile ${source.file}` : `server.tokenEnv ${source.env}`;
  const warn = (problem: string) => deps.warn(`${place}: ${problem}`);
  // With a reader of its own, so that a token that is removed before the first call does not stay valid as
  // the last good one.
  const atStart = readAtStart(createSecretReader(source, deps), deps);
  if (atStart !== undefined && createAuthenticator(() => atStart, warn).whyNotReady() !== undefined) {
    warn(`found no token that a caller can present; ${REFUSED}`);
  }
  const read = createSecretReader(source, deps);
  return createAuthenticator(() => readOptional(read), warn, atStart);
}

/** A missing token does not prevent the start: it may be mounted a moment later. */
function readAtStart(read: SecretReader, { warn }: SecretDeps): string | undefined {
  try {
    return read();
  } catch (error) {
    warn(`${error instanceof Error ? error.message : String(error)}; ${REFUSED}`);
    return undefined;
  }
}

function readOptional(read: SecretReader): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
