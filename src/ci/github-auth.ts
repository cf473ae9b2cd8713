/** The Authorization header of a GitHub connection. */
import { createAppTokenSource, type GitHubAppAuth, type GitHubAuthDeps } from './github-app.ts';
import { deniedError, readSecret } from './read-secret.ts';

export type GitHubAuth =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'token';
      /** Asked before each request, so that a changed file is seen; throws an Error with one clear line. */
      readonly read: () => string;
    }
  | GitHubAppAuth;

export interface GitHubAuthorizer {
  /**
   * @returns the Authorization header's value; undefined: anonymous
   * @throws UpstreamError `denied` when the secret cannot be read or used, or what the call for an App's token met with
   */
  authorize(): Promise<string | undefined>;
  /** The last value was refused (401). */
  forget(): void;
}

export function createGitHubAuthorizer(auth: GitHubAuth, deps: GitHubAuthDeps): GitHubAuthorizer {
  switch (auth.kind) {
    case 'none':
      return { authorize: async () => undefined, forget: nothingHeld };
    case 'token':
      return { authorize: async () => bearer(readSecret(auth.read, deps.host), deps), forget: nothingHeld };
    case 'app': {
      const source = createAppTokenSource(auth, deps);
      return { authorize: async () => bearer(await source.readToken(), deps), forget: () => source.forget() };
    }
  }
}

function nothingHeld(): void {}

/** Tokens differ in length and form, and will again: all that is asked is that a header can bear it. */
function bearer(token: string, { host, connection }: GitHubAuthDeps): string {
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw deniedError(
    host,
    `the token of connection "${connection}" is empty, or holds a character that no token has`,
  );
}
