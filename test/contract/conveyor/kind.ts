/** Conveyor, the example of `docs/development/adding-a-ci-provider.md`. */
import { createTokenAuthorizer } from '../../../src/ci/authorizer.ts';
import { CiClient } from '../../../src/ci/client.ts';
import { describeStatus } from '../../../src/ci/failure.ts';
import type { CiKind } from '../../../src/ci/kind.ts';
import { createSecretReader, createSecretSource } from '../../../src/secrets/secret.ts';
import { createJsonApi } from '../../../src/upstream/json-api.ts';
import { conveyorProjectKeys } from './project-keys.ts';
import { createConveyorProvider, createConveyorStatuses } from './provider.ts';
import { conveyorConnectionSchema } from './settings.ts';

export const conveyor: CiKind<typeof conveyorConnectionSchema> = {
  schema: conveyorConnectionSchema,
  project: conveyorProjectKeys,
  words: {
    runsPermission: '"read_builds"',
    pullRequestsPermission: '"read_builds"',
    addCredentials: 'add tokenFile or tokenEnv',
    urlExample: 'https://conveyor.example.com',
  },
  // Conveyor knows a pull request's number only, so another connection answers for pull requests.
  isGitHost: false,
  // Without validators, each refresh costs a call.
  freshForMs: 30_000,
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
      describeFailure: describeStatus,
      readQuota: () => undefined,
    });
    return { provider: createConveyorProvider(client), statuses: createConveyorStatuses(client) };
  },
};
