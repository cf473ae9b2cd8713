/** Azure DevOps Services (dev.azure.com) and Azure DevOps Server. */
import { createSecretReader } from '../../secrets/secret.ts';
import type { CiDeps, CiKind, CiPorts } from '../kind.ts';
import { createTokenAuth } from '../token-connection.ts';
import { createAzureDevOpsClient, type AzureDevOpsConnection } from './client.ts';
import { createAzureDevOpsGitHost } from './git-host.ts';
import { createAzureDevOpsInspector } from './inspector.ts';
import { azureDevOpsProjectKeys } from './project-keys.ts';
import { createAzureDevOpsProvider } from './provider.ts';
import { createAzureDevOpsPushLog } from './push-log.ts';
import { RepositoryIds } from './repository-ids.ts';
import { azureDevOpsConnectionSchema } from './settings.ts';
import { createAzureDevOpsStatuses } from './statuses.ts';

export const azureDevOps: CiKind<typeof azureDevOpsConnectionSchema> = {
  schema: azureDevOpsConnectionSchema,
  project: azureDevOpsProjectKeys,
  words: {
    runsPermission: '"Build (Read)" and "Code (Read)"',
    pullRequestsPermission: '"Code (Read)"',
    addCredentials: 'add tokenFile or tokenEnv',
    urlExample: 'of Azure DevOps Server, without the collection: https://HOST',
  },
  isGitHost: true,
  // Without validators, each refresh is a database query, and a user has 200 units in five minutes.
  freshForMs: 30_000,
  createAuth: createTokenAuth,
  connect({ name, url, auth }, deps) {
    const read = auth.kind === 'token' ? createSecretReader(auth.source, deps) : undefined;
    return createAzureDevOps({ name, url, read }, deps);
  },
};

/** @returns the clients of all ports, on one connection with one quota */
function createAzureDevOps(connection: AzureDevOpsConnection, deps: CiDeps): CiPorts {
  const client = createAzureDevOpsClient(connection, deps);
  const ids = new RepositoryIds(client, deps.now);
  return {
    provider: createAzureDevOpsProvider(client, ids),
    gitHost: createAzureDevOpsGitHost(client, deps),
    statuses: createAzureDevOpsStatuses(client),
    pushLog: createAzureDevOpsPushLog(client),
    inspector: createAzureDevOpsInspector(client, ids),
  };
}
