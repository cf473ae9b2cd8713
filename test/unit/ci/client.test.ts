import { expect, it } from 'vitest';
import { CiClient } from '../../../src/ci/client.ts';
import { describeStatus } from '../../../src/ci/failure.ts';
import { failureOf } from '../../fixtures/github/connect.ts';

it('the deadline of a call includes its credentials', async () => {
  let sent = 0;
  const client = new CiClient({
    name: 'ci',
    host: 'ci.test',
    now: () => 1_000_000,
    timeoutMs: 1,
    observer: { requested: () => undefined, quota: () => undefined },
    send: () => Promise.reject(new RangeError(`nothing is sent: ${++sent}`)),
    authorizer: {
      anonymous: false,
      authorize: () => new Promise(() => {}),
      invalidate: () => undefined,
      generation: () => 0,
    },
    describeFailure: describeStatus,
    readQuota: () => undefined,
  });
  const call = client.get({ path: '/', what: 'the runs', permission: 'read' });
  expect((await failureOf(call)).kind).toBe('timeout');
  expect(sent).toBe(0);
});
