/** Woodpecker CI. */
import type { CiKind } from '../kind.ts';
import { createTokenAuth, createTokenClient } from '../token-connection.ts';
import { woodpeckerProjectKeys } from './project-keys.ts';
import { createWoodpeckerProvider } from './provider.ts';
import { woodpeckerConnectionSchema } from './settings.ts';

export const woodpecker: CiKind<typeof woodpeckerConnectionSchema> = {
  schema: woodpeckerConnectionSchema,
  project: woodpeckerProjectKeys,
  words: {
    runsPermission: 'read access to the repository',
    pullRequestsPermission: 'read access to the repository',
    addCredentials: "add tokenFile or tokenEnv (Woodpecker's user settings show a personal access token)",
    urlExample: 'the server with its root path, without /api: https://woodpecker.example.com',
  },
  // Woodpecker names a pull request's commit and refs, but not its state.
  isGitHost: false,
  createAuth: createTokenAuth,
  connect(connection, deps) {
    const client = createTokenClient(connection, deps);
    return { provider: createWoodpeckerProvider(client, connection.url) };
  },
};
