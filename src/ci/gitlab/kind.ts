/** GitLab CI/CD, at gitlab.com or self-managed. */
import { createSecretReader, createSecretSource } from '../../secrets/secret.ts';
import type { CiKind } from '../kind.ts';
import { createGitLabClient } from './client.ts';
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
  createAuth({ tokenFile, tokenEnv }, locate) {
    const source = createSecretSource(tokenFile, tokenEnv, locate);
    return source === undefined ? { kind: 'none' } : { kind: 'token', source };
  },
  connect(connection, deps) {
    const { auth } = connection;
    const read = auth.kind === 'token' ? createSecretReader(auth.source, deps) : undefined;
    const client = createGitLabClient(connection, read, deps);
    return {
      provider: createGitLabProvider(client),
      gitHost: createGitLabGitHost(client, deps),
      statuses: createGitLabStatuses(client),
      pushLog: createGitLabPushLog(client),
    };
  },
};
