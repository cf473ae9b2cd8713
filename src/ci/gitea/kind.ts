/** Gitea Actions and Forgejo Actions. */
import type { SecretDeps } from '../../secrets/secret.ts';
import type { CiConnection, CiDeps, CiKind, CiPorts, KindWords } from '../kind.ts';
import { createTokenAuth, createTokenClient } from '../token-connection.ts';
import { FORGEJO, GITEA, type Dialect } from './dialect.ts';
import { describeGiteaFailure, PERMISSION } from './failure.ts';
import { createGiteaGitHost } from './git-host.ts';
import { createGiteaInspector } from './inspector.ts';
import { giteaProjectKeys } from './project-keys.ts';
import { createGiteaProvider } from './provider.ts';
import { createGiteaPushLog } from './push-log.ts';
import { forgejoConnectionSchema, giteaConnectionSchema } from './settings.ts';
import { createGiteaStatuses } from './statuses.ts';

export const gitea: CiKind<typeof giteaConnectionSchema> = {
  schema: giteaConnectionSchema,
  project: giteaProjectKeys,
  words: createWords('https://gitea.example.com'),
  isGitHost: true,
  createAuth: createTokenAuth,
  connect: (connection, deps) => connect(connection, deps, GITEA),
};

export const forgejo: CiKind<typeof forgejoConnectionSchema> = {
  schema: forgejoConnectionSchema,
  project: giteaProjectKeys,
  words: createWords('https://forgejo.example.com'),
  isGitHost: true,
  createAuth: createTokenAuth,
  connect: (connection, deps) => connect(connection, deps, FORGEJO),
};

function createWords(urlExample: string): KindWords {
  return {
    runsPermission: PERMISSION,
    pullRequestsPermission: PERMISSION,
    addCredentials: 'add tokenFile or tokenEnv',
    urlExample,
  };
}

function connect(connection: CiConnection, deps: CiDeps & SecretDeps, dialect: Dialect): CiPorts {
  // Neither has a rate limit of its own.
  const client = createTokenClient(connection, deps, {
    apiPath: '/api/v1',
    scheme: 'token',
    describeFailure: describeGiteaFailure,
  });
  const source = { host: client.host, api: dialect.api };
  return {
    provider: createGiteaProvider(client, dialect, deps),
    gitHost: createGiteaGitHost(client, source, deps),
    statuses: createGiteaStatuses(client, source, connection.url),
    pushLog: createGiteaPushLog(client, source),
    // Forgejo cannot list workflows.
    inspector: dialect === GITEA ? createGiteaInspector(client, source) : undefined,
  };
}
