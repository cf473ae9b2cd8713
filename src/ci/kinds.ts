/** The CI providers, one line each. */
import type { CiDeps } from './deps.ts';
import { createGitHubProvider } from './github/provider.ts';
import type { GitHubConnection } from './github/client.ts';
import type { CiInspector, CiProvider } from './provider.ts';

/** A CI connection of the configuration (design §3, `ci`). */
export type CiConnection = GitHubConnection;

/** @returns the provider behind a connection; nothing is sent or read yet */
export function createCiProvider(connection: CiConnection, deps: CiDeps): CiProvider & CiInspector {
  switch (connection.kind) {
    case 'github':
      return createGitHubProvider(connection, deps);
  }
}
