/** GitLab CI/CD, at gitlab.com or self-managed. */
import type { CiKind } from '../kind.ts';
import { createTokenAuth, createTokenClient } from '../token-connection.ts';
import { describeGitLabFailure, readGitLabQuota } from './failure.ts';
import { createGitLabGitHost } from './git-host.ts';
import { gitlabProjectKeys } from './project-keys.ts';
import { createGitLabProvider } from './provider.ts';
import { createGitLabPushLog } from './push-log.ts';
import { gitlabConnectionSchema } from './settings.ts';
import { createGitLabStatuses } from './statuses.ts';

export const gitlab: CiKind<typeof gitlabConnectionSchema> = {
  schema: gitlabConnectionSchema,
  project: gitlabProjectKeys,
  words: {
    runsPermission: 'the scope read_api and at least the role Reporter',
    pullRequestsPermission: 'the scope read_api and at least the role Reporter',
    addCredentials: 'add tokenFile or tokenEnv',
    urlExample: 'of a self-managed GitLab: https://HOST, or https://HOST/PATH',
  },
  isGitHost: true,
  createAuth: createTokenAuth,
  connect(connection, deps) {
    const client = createTokenClient(connection, deps, {
      apiPath: '/api/v4',
      describeFailure: describeGitLabFailure,
      readQuota: readGitLabQuota,
    });
    return {
      provider: createGitLabProvider(client),
      gitHost: createGitLabGitHost(client, deps),
      statuses: createGitLabStatuses(client),
      pushLog: createGitLabPushLog(client),
    };
  },
};
