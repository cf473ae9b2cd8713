/** Buildkite Pipelines. */
import { createSecretReader, createSecretSource } from '../../secrets/secret.ts';
import { createJsonApi } from '../../upstream/json-api.ts';
import { createTokenAuthorizer } from '../authorizer.ts';
import { CiClient } from '../client.ts';
import type { CiKind } from '../kind.ts';
import { describeBuildkiteFailure, readBuildkiteQuota } from './failure.ts';
import { buildkiteProjectKeys } from './project-keys.ts';
import { createBuildkiteProvider } from './provider.ts';
import { buildkiteConnectionSchema } from './settings.ts';

export const buildkite: CiKind<typeof buildkiteConnectionSchema> = {
  schema: buildkiteConnectionSchema,
  project: buildkiteProjectKeys,
  words: {
    runsPermission: '"read_builds" and "read_pipelines"',
    pullRequestsPermission: '"read_pipelines"',
    addCredentials: 'add tokenFile or tokenEnv, with a token from Personal Settings, API Access Tokens',
    urlExample: 'https://api.buildkite.com',
  },
  isGitHost: false,
  // Without validators, each refresh costs a call for each pipeline, of 50 a minute that a user has by default.
  freshForMs: 30_000,
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
      describeFailure: describeBuildkiteFailure,
      readQuota: readBuildkiteQuota,
    });
    return { provider: createBuildkiteProvider(client, deps) };
  },
};
