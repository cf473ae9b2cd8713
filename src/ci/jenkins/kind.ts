/** Jenkins, with multibranch pipelines. */
import type { CiKind } from '../kind.ts';
import { createTokenAuth, createTokenClient } from '../token-connection.ts';
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
  createAuth: createTokenAuth,
  connect(connection, deps) {
    const client = createTokenClient(connection, deps, { describeFailure: describeJenkinsFailure });
    return { provider: createJenkinsProvider(client, deps.now) };
  },
};
