/** Bitbucket Cloud. */
import type { CiKind } from '../kind.ts';
import { createTokenAuth, createTokenClient } from '../token-connection.ts';
import { createFailureDescription, describeScope } from './failure.ts';
import { createBitbucketGitHost } from './git-host.ts';
import { bitbucketProjectKeys } from './project-keys.ts';
import { createBitbucketProvider } from './provider.ts';
import { createBitbucketPushLog } from './push-log.ts';
import { createQuotaReader } from './quota.ts';
import { bitbucketConnectionSchema } from './settings.ts';
import { createBitbucketStatuses } from './statuses.ts';

export const bitbucket: CiKind<typeof bitbucketConnectionSchema> = {
  schema: bitbucketConnectionSchema,
  project: bitbucketProjectKeys,
  words: {
    runsPermission: describeScope('pipeline'),
    pullRequestsPermission: describeScope('pullrequest'),
    addCredentials: 'add tokenFile or tokenEnv, with username for an API token',
    urlExample: 'https://api.bitbucket.org',
  },
  isGitHost: true,
  freshForMs: 60_000,
  // https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/
  callsPerHour: 1000,
  createAuth: createTokenAuth,
  connect(connection, deps) {
    const { auth } = connection;
    const isUser = auth.kind === 'token' && auth.username !== undefined;
    const client = createTokenClient(connection, deps, {
      describeFailure: createFailureDescription(
        auth.kind === 'none' ? 'as nobody' : isUser ? 'as a user' : 'by an access token',
      ),
      readQuota: createQuotaReader(auth.kind === 'none'),
    });
    return {
      provider: createBitbucketProvider(client),
      gitHost: createBitbucketGitHost(client, deps),
      statuses: createBitbucketStatuses(client),
      pushLog: createBitbucketPushLog(client),
    };
  },
};
