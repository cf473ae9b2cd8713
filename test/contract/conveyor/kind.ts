/** Conveyor, the example of `docs/development/adding-a-ci-provider.md`. */
import { z } from 'zod';
import { CiClient } from '../../../src/ci/client.ts';
import { describeStatus, readSecret } from '../../../src/ci/failure.ts';
import type { CiKind } from '../../../src/ci/kind.ts';
import { mapping, text } from '../../../src/schema/fields.ts';
import { secretFile, secretVariable } from '../../../src/schema/files.ts';
import { createSecretReader, createSecretSource } from '../../../src/secrets/secret.ts';
import { createJsonApi } from '../../../src/upstream/json-api.ts';
import { createConveyorProvider, createConveyorStatuses } from './provider.ts';

const schema = mapping(
  {
    kind: z.literal('conveyor').meta({ description: 'Conveyor.' }),
    url: text(/^https?:\/\/\S+$/, 'the URL of the server').meta({ description: 'The server.' }),
    tokenEnv: secretVariable('Environment variable with a token.', 'CONVEYOR_TOKEN').optional(),
    tokenFile: secretFile('File with a token.', '/var/run/secrets/conveyor/token').optional(),
  },
  { title: 'Conveyor connection', description: 'A Conveyor server.' },
);

export const conveyor: CiKind<typeof schema> = {
  schema,
  project: {
    repository: text(/^[\w-]+\/[\w-]+$/, 'ORGANIZATION/PIPELINE, for example acme/shop'),
    workflow: 'none',
    event: z.enum(['webhook', 'ui', 'api'], { error: 'webhook, ui or api' }),
    defaultEvents: ['webhook', 'ui'],
  },
  words: {
    runsPermission: '"read_builds"',
    pullRequestsPermission: '"read_builds"',
    addCredentials: 'add tokenFile or tokenEnv',
    urlExample: 'https://conveyor.example.com',
  },
  // Conveyor knows a pull request's number only, so another connection answers for pull requests.
  isGitHost: false,
  // Without validators each refresh costs a call.
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
      authorizer: {
        anonymous: read === undefined,
        authorize: async () => read && `Bearer ${readSecret(read, host)}`,
        invalidate: () => undefined,
        generation: () => 0,
      },
      describeFailure: describeStatus,
      readQuota: () => undefined,
    });
    return { provider: createConveyorProvider(client), statuses: createConveyorStatuses(client) };
  },
};
