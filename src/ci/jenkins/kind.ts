/** Jenkins, with multibranch pipelines. */
import { createSecretReader, createSecretSource } from '../../secrets/secret.ts';
import { createJsonApi } from '../../upstream/json-api.ts';
import { createBasicAuthorizer } from '../authorizer.ts';
import { CiClient } from '../client.ts';
import type { CiKind } from '../kind.ts';
import { describeJenkinsFailure, PERMISSION } from './api.ts';
import { jenkinsProjectKeys } from './project-keys.ts';
import { createJenkinsProvider } from './provider.ts';
import { jenkinsConnectionSchema } from './settings.ts';

export const jenkins: CiKind<typeof jenkinsConnectionSchema> = {
  schema: jenkinsConnectionSchema,
  project: jenkinsProjectKeys,
  words: {
    runsPermission: PERMISSION,
    pullRequestsPermission: PERMISSION,
    addCredentials: 'add username, and tokenFile or tokenEnv with an API token of that user',
    urlExample: 'the instance with its context path: https://HOST/jenkins',
  },
  // A pull request's job does not say whose it is.
  isGitHost: false,
  // Each refresh makes Jenkins look at every job.
  freshForMs: 30_000,
  createAuth({ username, tokenFile, tokenEnv }, locate) {
    const source = createSecretSource(tokenFile, tokenEnv, locate);
    return source === undefined ? { kind: 'none' } : { kind: 'token', source, username };
  },
  connect({ name, url, auth }, deps) {
    const { host } = new URL(url);
    const read = auth.kind === 'token' ? createSecretReader(auth.source, deps) : undefined;
    const username = auth.kind === 'token' ? (auth.username ?? '') : '';
    const client = new CiClient({
      ...deps,
      name,
      host,
      send: createJsonApi(url, { accept: 'application/json' }, deps),
      authorizer: createBasicAuthorizer(read, username, { host, connection: name }),
      describeFailure: describeJenkinsFailure,
      readQuota: () => undefined,
    });
    return { provider: createJenkinsProvider(client, deps.now) };
  },
};
