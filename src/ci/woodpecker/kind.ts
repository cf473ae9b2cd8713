/** Woodpecker CI. */
import { createSecretReader, createSecretSource } from '../../secrets/secret.ts';
import { createJsonApi } from '../../upstream/json-api.ts';
import { createTokenAuthorizer } from '../authorizer.ts';
import { CiClient } from '../client.ts';
import { describeStatus } from '../failure.ts';
import type { CiKind } from '../kind.ts';
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
  createAuth({ tokenFile, tokenEnv }, locate) {
    const source = createSecretSource(tokenFile, tokenEnv, locate);
    return source === undefined ? { kind: 'none' } : { kind: 'token', source };
  },
  connect({ name, url, auth }, deps) {
    const { host } = new URL(url);
    const read = auth.kind === 'token' ? createSecretReader(auth.source, deps) : undefined;
    const client = new CiClient({
      ...deps,
      name,
      host,
      send: createJsonApi(url, { accept: 'application/json' }, deps),
      authorizer: createTokenAuthorizer(read, 'Bearer', { host, connection: name }),
      describeFailure: describeStatus,
      readQuota: () => undefined,
    });
    return { provider: createWoodpeckerProvider(client, url, deps.now) };
  },
};
