/** GitHub Actions, at github.com or a GitHub Enterprise server. */
import { createSecretReader, createSecretSource, type SecretDeps } from '../../secrets/secret.ts';
import type { CiDeps, CiKind, CiPorts, ConnectionAuth } from '../kind.ts';
import { createGitHubClient, type GitHubAuth, type GitHubConnection } from './client.ts';
import { createGitHubGitHost } from './git-host.ts';
import { createGitHubInspector } from './inspector.ts';
import { githubProjectKeys } from './project-keys.ts';
import { createGitHubProvider } from './provider.ts';
import { createGitHubPushLog } from './push-log.ts';
import { githubConnectionSchema } from './settings.ts';
import { createGitHubStatuses } from './statuses.ts';

export const github: CiKind<typeof githubConnectionSchema> = {
  schema: githubConnectionSchema,
  project: githubProjectKeys,
  words: {
    runsPermission: '"Actions: read" (classic token: the scope repo)',
    pullRequestsPermission: '"Pull requests: read"',
    addCredentials: 'add tokenFile, tokenEnv or app (gh auth token prints one for tokenEnv)',
    urlExample: 'of GitHub Enterprise: https://HOST/api/v3',
    singleSignOn: `GitHub's settings, at that token, by "Configure SSO"`,
  },
  isGitHost: true,
  createAuth({ app, tokenFile, tokenEnv }, locate) {
    const source = createSecretSource(tokenFile, tokenEnv, locate);
    if (source !== undefined) return { kind: 'token', source };
    if (app === undefined) return { kind: 'none' };
    const { id, installationId, privateKeyFile } = app;
    return {
      kind: 'app',
      id: String(id),
      installationId: String(installationId),
      privateKeyFile: locate(privateKeyFile),
    };
  },
  connect: ({ name, url, auth }, deps) => createGitHub({ name, url, auth: readAuth(auth, deps) }, deps),
};

/** @returns the clients of all ports, on one connection with one quota */
export function createGitHub(connection: GitHubConnection, deps: CiDeps): CiPorts {
  const client = createGitHubClient(connection, deps);
  return {
    provider: createGitHubProvider(client),
    gitHost: createGitHubGitHost(client, deps),
    statuses: createGitHubStatuses(client),
    pushLog: createGitHubPushLog(client),
    inspector: createGitHubInspector(client),
  };
}

function readAuth(auth: ConnectionAuth, deps: SecretDeps): GitHubAuth {
  switch (auth.kind) {
    case 'none':
      return auth;
    case 'app': {
      const { privateKeyFile: file, ...app } = auth;
      return { ...app, readPrivateKey: createSecretReader({ file }, deps) };
    }
    case 'token':
      return { kind: 'token', read: createSecretReader(auth.source, deps) };
  }
}
