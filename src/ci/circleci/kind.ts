/** CircleCI, at circleci.com or a server with API v3. */
import type { CiKind } from '../kind.ts';
import { createTokenAuth, createTokenClient } from '../token-connection.ts';
import { describeCircleciFailure } from './failure.ts';
import { circleciProjectKeys } from './project-keys.ts';
import { createCircleciProvider } from './provider.ts';
import { readCircleciQuota } from './quota.ts';
import { circleciConnectionSchema } from './settings.ts';

export const circleci: CiKind<typeof circleciConnectionSchema> = {
  schema: circleciConnectionSchema,
  project: circleciProjectKeys,
  words: {
    runsPermission: 'to be a personal API token, of a user who may see the project',
    pullRequestsPermission: 'a personal API token of a user who may see the project',
    addCredentials: 'add tokenFile or tokenEnv, with a token from User Settings, Personal API Tokens',
    urlExample: 'of a CircleCI server: https://HOST',
  },
  isGitHost: false,
  // CircleCI publishes no numbers, but warns of frequent polling, and each refresh costs a call.
  freshForMs: 30_000,
  createAuth: createTokenAuth,
  connect(connection, deps) {
    const client = createTokenClient(connection, deps, {
      describeFailure: describeCircleciFailure,
      readQuota: readCircleciQuota,
    });
    const { host, protocol } = new URL(connection.url);
    const options = { connection: connection.name, appUrl: `${protocol}//app.${host}`, now: deps.now };
    return { provider: createCircleciProvider(client, options) };
  },
};
