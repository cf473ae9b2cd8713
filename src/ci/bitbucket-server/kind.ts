/** Bitbucket Data Center (formerly Server): a Git host. Other systems set the statuses of its commits. */
import { createSecretReader, createSecretSource } from '../../secrets/secret.ts';
import { createJsonApi } from '../../upstream/json-api.ts';
import { createTokenAuthorizer } from '../authorizer.ts';
import { CiClient } from '../client.ts';
import type { CiKind } from '../kind.ts';
import { createNoRunsProvider } from '../no-runs-provider.ts';
import { describeBitbucketServerFailure } from './failure.ts';
import { createBitbucketServerGitHost, PERMISSION } from './git-host.ts';
import { bitbucketServerProjectKeys } from './project-keys.ts';
import { createBitbucketServerPushLog } from './push-log.ts';
import { readQuota } from './quota.ts';
import { bitbucketServerConnectionSchema } from './settings.ts';
import { createBitbucketServerStatuses } from './statuses.ts';

export const bitbucketServer: CiKind<typeof bitbucketServerConnectionSchema> = {
  schema: bitbucketServerConnectionSchema,
  project: bitbucketServerProjectKeys,
  words: {
    runsPermission: PERMISSION,
    pullRequestsPermission: PERMISSION,
    addCredentials: 'add tokenFile or tokenEnv',
    urlExample: 'https://HOST, with the context path if there is one',
  },
  isGitHost: true,
  hasRuns: false,
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
      describeFailure: describeBitbucketServerFailure,
      readQuota,
    });
    const gitHost = createBitbucketServerGitHost(client, deps);
    return {
      provider: createNoRunsProvider(gitHost),
      gitHost,
      statuses: createBitbucketServerStatuses(client),
      pushLog: createBitbucketServerPushLog(client),
    };
  },
};
