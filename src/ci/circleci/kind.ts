/** CircleCI, at circleci.com or a server with API v3. */
import { createSecretReader, createSecretSource } from '../../secrets/secret.ts';
import { createJsonApi } from '../../upstream/json-api.ts';
import { createTokenAuthorizer } from '../authorizer.ts';
import { CiClient } from '../client.ts';
import type { CiKind } from '../kind.ts';
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
  createAuth({ tokenFile, tokenEnv }, locate) {
    const source = createSecretSource(tokenFile, tokenEnv, locate);
    return source === undefined ? { kind: 'none' } : { kind: 'token', source };
  },
  connect({ name, url, auth }, deps) {
    const { host, protocol } = new URL(url);
    const read = auth.kind === 'token' ? createSecretReader(auth.source, deps) : undefined;
    const client = new CiClient({
      ...deps,
      name,
      host,
      send: createJsonApi(url, { accept: 'application/json' }, deps),
      authorizer: createTokenAuthorizer(read, 'Bearer', { host, connection: name }),
      describeFailure: describeCircleciFailure,
      readQuota: readCircleciQuota,
    });
    const options = { connection: name, appUrl: `${protocol}//app.${host}`, now: deps.now };
    return { provider: createCircleciProvider(client, options) };
  },
};
