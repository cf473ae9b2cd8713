/** Connects tokens with where they are kept. */
import type { TokenSource } from '../config/config.ts';
import { createSecretReader, type SecretReader } from '../secrets/secret.ts';
import { createAuthenticator, type Authenticator } from '../http/authenticate.ts';
import type { Runtime } from './runtime.ts';

export function tokenReader(source: TokenSource, runtime: Runtime): SecretReader {
  return source.kind === 'tokenFile'
    ? createSecretReader({ file: source.file }, runtime)
    : createSecretReader({ env: source.env, value: runtime.env[source.env] }, runtime);
}

/** @returns who may call: the holders of the tokens that are there now; what is wrong with them is told */
export function composeAuthenticator(source: TokenSource, runtime: Runtime): Authenticator {
  const place =
    source.kind === 'tokenFile' ? `server.tokenFile ${source.file}` : `server.tokenEnv ${source.env}`;
  const tell = (remark: string) => runtime.warn(`${place}: ${remark}`);
  // By a reader of its own: what was read before the first call is not yet one to fall back on.
  const atStart = readAtStart(tokenReader(source, runtime), runtime);
  if (atStart !== undefined && createAuthenticator(() => atStart, tell).whyNotReady() !== undefined) {
    tell(`found no token that a caller can present; ${REFUSED}`);
  }
  const read = tokenReader(source, runtime);
  return createAuthenticator(() => optional(read), tell, atStart);
}

const REFUSED = "every call is refused until Argo CD's token is there";

/** One that is mounted a moment later is read then: no reason not to start. */
function readAtStart(read: SecretReader, { warn }: Runtime): string | undefined {
  try {
    return read();
  } catch (error) {
    warn(`${error instanceof Error ? error.message : String(error)}; ${REFUSED}`);
    return undefined;
  }
}

/** A secret that cannot be read now is none; who may call is refused until it can. */
function optional(read: SecretReader): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
