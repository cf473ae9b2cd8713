/** Tokens in files or environment variables. */
import { createSecretReader, type SecretDeps, type SecretReader } from './secret.ts';

/** Where a token is kept; the configuration never holds the secret itself. */
export type TokenSource =
  { readonly kind: 'tokenFile'; readonly file: string } | { readonly kind: 'tokenEnv'; readonly env: string };

export interface TokenDeps extends SecretDeps {
  /** The process's environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * @param keys of the configuration, at most one of which is set
 * @param locate resolves a path relative to the configuration file
 */
export function selectTokenSource(
  {
    tokenFile,
    tokenEnv,
  }: { readonly tokenFile?: string | undefined; readonly tokenEnv?: string | undefined },
  locate: (path: string) => string,
): TokenSource | undefined {
  if (tokenEnv !== undefined) return { kind: 'tokenEnv', env: tokenEnv };
  return tokenFile === undefined ? undefined : { kind: 'tokenFile', file: locate(tokenFile) };
}

export function createTokenReader(source: TokenSource, deps: TokenDeps): SecretReader {
  return source.kind === 'tokenFile'
    ? createSecretReader({ file: source.file }, deps)
    : createSecretReader({ env: source.env, value: deps.env[source.env] }, deps);
}
