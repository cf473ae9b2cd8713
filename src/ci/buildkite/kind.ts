/** Buildkite Pipelines. */
import type { CiKind } from '../kind.ts';
import { createTokenAuth, createTokenClient } from '../token-connection.ts';
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
  // Without validators, each refresh costs a call for each pipeline.
  freshForMs: 30_000,
  // 50 a minute for a user, unless the plan says otherwise: https://buildkite.com/docs/apis/rest-api/rate-limits
  callsPerHour: 3000,
  createAuth: createTokenAuth,
  connect(connection, deps) {
    const client = createTokenClient(connection, deps, {
      describeFailure: describeBuildkiteFailure,
      readQuota: readBuildkiteQuota,
    });
    return { provider: createBuildkiteProvider(client, deps) };
  },
};
