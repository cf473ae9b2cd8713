/** The Authorization header of a GitHub connection. */
import type { Authorizer } from '../client.ts';
import { deniedError, readSecret } from '../failure.ts';
import { createAppTokenSource, type GitHubAppAuth, type GitHubAuthDeps } from './app.ts';

export type GitHubAuth =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'token';
      /** Called before each request, to notice a changed file; throws an Error with one clear line. */
      readonly read: () => string;
    }
  | GitHubAppAuth;

export function createGitHubAuthorizer(auth: GitHubAuth, deps: GitHubAuthDeps): Authorizer {
  switch (auth.kind) {
    case 'none':
      return { anonymous: true, authorize: async () => undefined, invalidate: ignore, generation: () => 0 };
    case 'token':
      return {
        anonymous: false,
        authorize: async () => bearer(readSecret(auth.read, deps.host), deps),
        invalidate: ignore,
        generation: countChanges(auth.read),
      };
    case 'app': {
      const source = createAppTokenSource(auth, deps);
      return {
        anonymous: false,
        authorize: async () => bearer(await source.readToken(), deps),
        invalidate: () => source.forget(),
        generation: countChanges(auth.readPrivateKey),
      };
    }
  }
}

function ignore(): void {}

/** @returns how often the secret has changed; an unreadable one counts as unchanged */
function countChanges(read: () => string): () => number {
  let last: string | undefined;
  let changes = 0;
  return () => {
    try {
      const secret = read();
      if (last !== undefined && secret !== last) changes += 1;
      last = secret;
    } catch {
      // The call itself reports it.
    }
    return changes;
  };
}

/** Token formats vary and will change; the only requirement is that a header can carry the token. */
function bearer(token: string, { host, connection }: GitHubAuthDeps): string {
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw deniedError(
    host,
    `the token of connection "${connection}" is empty, or holds a character that no token has`,
  );
}
