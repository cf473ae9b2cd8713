/** Connections that sign in with a token: the credentials in the configuration, and the client that sends them. */
import { createSecretReader, createSecretSource, type SecretDeps } from '../secrets/secret.ts';
import { createJsonApi } from '../upstream/json-api.ts';
import { createBasicAuthorizer, createTokenAuthorizer } from './authorizer.ts';
import { CiClient, type CiClientOptions } from './client.ts';
import { describeStatus } from './failure.ts';
import type { CiConnection, CiDeps, ConnectionAuth } from './kind.ts';

/** Keys of a connection; at most one of `tokenFile` and `tokenEnv`. */
export interface TokenKeys {
  readonly tokenFile?: string | undefined;
  readonly tokenEnv?: string | undefined;
  readonly username?: string | undefined;
}

/** @param locate resolves a path relative to the configuration file */
export function createTokenAuth(
  { tokenFile, tokenEnv, username }: TokenKeys,
  locate: (path: string) => string,
): ConnectionAuth {
  const source = createSecretSource(tokenFile, tokenEnv, locate);
  return source === undefined ? { kind: 'none' } : { kind: 'token', source, username };
}

/** What differs between kinds. The defaults are those of an API without a rate limit. */
export interface TokenClientOptions extends Partial<Pick<CiClientOptions, 'describeFailure' | 'readQuota'>> {
  /** Path of the API below the connection's URL: `/api/v4`. */
  readonly apiPath?: string | undefined;
  /** Scheme of the Authorization header, for a connection without a username. Default: `Bearer`. */
  readonly scheme?: string | undefined;
}

/** With a username, the token is sent by HTTP Basic. Neither sends requests nor reads the secret yet. */
export function createTokenClient(
  { name, url, auth }: Pick<CiConnection, 'name' | 'url' | 'auth'>,
  deps: CiDeps & SecretDeps,
  { apiPath = '', scheme = 'Bearer', describeFailure, readQuota }: TokenClientOptions = {},
): CiClient {
  const { host } = new URL(url);
  const call = { host, connection: name };
  const token = auth.kind === 'token' ? auth : undefined;
  const read = token && createSecretReader(token.source, deps);
  return new CiClient({
    ...deps,
    name,
    host,
    send: createJsonApi(`${url.replace(/\/+$/, '')}${apiPath}`, { accept: 'application/json' }, deps),
    authorizer:
      token?.username === undefined
        ? createTokenAuthorizer(read, scheme, call)
        : createBasicAuthorizer(read, token.username, call),
    describeFailure: describeFailure ?? describeStatus,
    readQuota: readQuota ?? (() => undefined),
  });
}
