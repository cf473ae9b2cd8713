/** The Authorization header of a GitHub connection. */
import { createAppTokenSource, type GitHubAppAuth, type GitHubAuthDeps } from './app.ts';
import { deniedError, readSecret } from '../secret-failure.ts';

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
  /** Another number whenever the secret is another one. */
  generation(): number;
}

export function createGitHubAuthorizer(auth: GitHubAuth, deps: GitHubAuthDeps): GitHubAuthorizer {
  switch (auth.kind) {
    case 'none':
      return { authorize: async () => undefined, forget: nothingHeld, generation: () => 0 };
    case 'token':
      return {
        authorize: async () => bearer(readSecret(auth.read, deps.host), deps),
        forget: nothingHeld,
        generation: countChanges(auth.read),
      };
    case 'app': {
      const source = createAppTokenSource(auth, deps);
      return {
        authorize: async () => bearer(await source.readToken(), deps),
        forget: () => source.forget(),
        generation: countChanges(auth.readPrivateKey),
      };
    }
  }
}

function nothingHeld(): void {}

/** @returns how often the secret was seen to have changed; one that cannot be read is as it was */
function countChanges(read: () => string): () => number {
  let last: string | undefined;
  let changes = 0;
  return () => {
    const secret = readable(read);
    if (secret !== undefined && secret !== last) {
      if (last !== undefined) changes += 1;
      last = secret;
    }
    return changes;
  };
}

function readable(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Tokens differ in length and form, and will again: all that is asked is that a header can bear it. */
function bearer(token: string, { host, connection }: GitHubAuthDeps): string {
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw deniedError(
    host,
    `the token of connection "${connection}" is empty, or holds a character that no token has`,
  );
}
