/** Bitbucket Cloud. */
import { createSecretReader, createSecretSource } from '../../secrets/secret.ts';
import { createJsonApi } from '../../upstream/json-api.ts';
import { createBasicAuthorizer, createTokenAuthorizer } from '../authorizer.ts';
import { CiClient } from '../client.ts';
import type { CiKind } from '../kind.ts';
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
  // 1,000 calls an hour, and each refresh costs one for pipelines and one for pull requests.
  freshForMs: 60_000,
  createAuth({ tokenFile, tokenEnv, username }, locate) {
    const source = createSecretSource(tokenFile, tokenEnv, locate);
    return source === undefined ? { kind: 'none' } : { kind: 'token', source, username };
  },
  connect({ name, url, auth }, deps) {
    const { host } = new URL(url);
    const call = { host, connection: name };
    const read = auth.kind === 'token' ? createSecretReader(auth.source, deps) : undefined;
    const username = auth.kind === 'token' ? auth.username : undefined;
    const isUser = username !== undefined;
    const client = new CiClient({
      ...deps,
      name,
      host,
      send: createJsonApi(url, { accept: 'application/json' }, deps),
      authorizer: isUser
        ? createBasicAuthorizer(read, username, call)
        : createTokenAuthorizer(read, 'Bearer', call),
      describeFailure: createFailureDescription(
        read === undefined ? 'as nobody' : isUser ? 'as a user' : 'by an access token',
      ),
      readQuota: createQuotaReader(read === undefined),
    });
    return {
      provider: createBitbucketProvider(client),
      gitHost: createBitbucketGitHost(client, deps),
      statuses: createBitbucketStatuses(client),
      pushLog: createBitbucketPushLog(client),
    };
  },
};
