/** Gitea Actions and Forgejo Actions. */
import { createSecretReader, createSecretSource, type SecretDeps } from '../../secrets/secret.ts';
import { createJsonApi } from '../../upstream/json-api.ts';
import { createTokenAuthorizer } from '../authorizer.ts';
import { CiClient } from '../client.ts';
import type { CiConnection, CiDeps, CiKind, CiPorts, ConnectionAuth, KindWords } from '../kind.ts';
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
  createAuth,
  connect: (connection, deps) => connect(connection, deps, GITEA),
};

export const forgejo: CiKind<typeof forgejoConnectionSchema> = {
  schema: forgejoConnectionSchema,
  project: giteaProjectKeys,
  words: createWords('https://forgejo.example.com'),
  isGitHost: true,
  createAuth,
  connect: (connection, deps) => connect(connection, deps, FORGEJO),
};

function createWords(urlExample: string): KindWords {
  return {
    runsPermission: `"${PERMISSION}"`,
    pullRequestsPermission: `"${PERMISSION}"`,
    addCredentials: 'add tokenFile or tokenEnv',
    urlExample,
  };
}

function createAuth(
  { tokenFile, tokenEnv }: { tokenFile?: string | undefined; tokenEnv?: string | undefined },
  locate: (path: string) => string,
): ConnectionAuth {
  const source = createSecretSource(tokenFile, tokenEnv, locate);
  return source === undefined ? { kind: 'none' } : { kind: 'token', source };
}

function connect({ name, url, auth }: CiConnection, deps: CiDeps & SecretDeps, dialect: Dialect): CiPorts {
  const { host } = new URL(url);
  const read = auth.kind === 'token' ? createSecretReader(auth.source, deps) : undefined;
  const client = new CiClient({
    ...deps,
    name,
    host,
    send: createJsonApi(`${url.replace(/\/+$/, '')}/api/v1`, { accept: 'application/json' }, deps),
    authorizer: createTokenAuthorizer(read, 'token', { host, connection: name }),
    describeFailure: describeGiteaFailure,
    // Neither has a limit of its own.
    readQuota: () => undefined,
  });
  const source = { host, api: dialect.api };
  return {
    provider: createGiteaProvider(client, dialect, deps),
    gitHost: createGiteaGitHost(client, source, deps),
    statuses: createGiteaStatuses(client, source, url),
    pushLog: createGiteaPushLog(client, source),
    // Forgejo cannot list workflows.
    inspector: dialect === GITEA ? createGiteaInspector(client, source) : undefined,
  };
}
