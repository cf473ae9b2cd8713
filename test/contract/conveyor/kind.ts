/** Conveyor, the example of `docs/development/adding-a-ci-provider.md`. */
import type { CiKind } from '../../../src/ci/kind.ts';
import { createTokenAuth, createTokenClient } from '../../../src/ci/token-connection.ts';
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
  createAuth: createTokenAuth,
  connect(connection, deps) {
    const client = createTokenClient(connection, deps);
    return { provider: createConveyorProvider(client), statuses: createConveyorStatuses(client) };
  },
};
