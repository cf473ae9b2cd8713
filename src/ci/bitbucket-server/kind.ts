/** Bitbucket Data Center (formerly Server): a Git host. Other systems set the statuses of its commits. */
import type { CiKind } from '../kind.ts';
import { createTokenAuth, createTokenClient } from '../token-connection.ts';
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
  createAuth: createTokenAuth,
  connect(connection, deps) {
    const client = createTokenClient(connection, deps, {
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
