/** Statuses of commits, fetched once for all replicas. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { CommitStatus, CommitStatuses } from '../../../src/ci/commit-statuses.ts';
import { parseStatusPage } from '../../../src/replicas/messages.ts';
import { createSharedFetch } from '../../../src/replicas/shared-fetch.ts';
import { createSharedStatuses } from '../../../src/replicas/shared-statuses.ts';
import { sha } from '../../fixtures/builders.ts';
import { createFakeReplicaChannel, type FakeReplicaChannel } from '../../fixtures/fake-replica-channel.ts';

const FRESH_FOR = 15_000;
const COMMIT = sha('a');

let now: number;
let channel: FakeReplicaChannel;
let state: CommitStatus['state'];
let calls: string[];

beforeEach(() => {
  now = 100_000_000;
  channel = createFakeReplicaChannel(() => now);
  state = 'pending';
  calls = [];
});

/** A replica of its own. */
function createReplica(scope = 'github https://git.test'): CommitStatuses {
  const statuses: CommitStatuses = {
    host: 'git.test',
    async fetchStatuses(_repository, commit, validator) {
      calls.push(validator === undefined ? commit : 'if changed');
      if (validator === state) return 'unchanged';
      return { statuses: [{ context: 'scan', state, outcome: state, url: '' }], validator: state };
    },
  };
  const share = createSharedFetch({ channel, now: () => now, delay: async () => undefined });
  return createSharedStatuses(statuses, { share, scope, freshFor: () => FRESH_FOR, now: () => now });
}

const fetchFrom = (replica: CommitStatuses) => replica.fetchStatuses('acme/shop', COMMIT);

describe('statuses', () => {
  it('are fetched by one replica for the others', async () => {
    const [first, second] = [createReplica(), createReplica()];
    const page = await fetchFrom(first);
    now += 1000;
    expect(await fetchFrom(second)).toEqual(page);
    expect(page).toMatchObject({ statuses: [{ state: 'pending' }], asOf: 100_000_000 });
    expect(calls).toEqual([COMMIT]);
  });

  it('are fetched again, conditionally, for whoever has had the last answer', async () => {
    const replica = createReplica();
    await fetchFrom(replica);
    now += 1000;
    state = 'success';
    expect(await fetchFrom(replica)).toMatchObject({ statuses: [{ state: 'success' }], asOf: now });
    now += 1000;
    expect(await fetchFrom(replica)).toMatchObject({ statuses: [{ state: 'success' }], asOf: now });
    expect(calls).toEqual([COMMIT, 'if changed', 'if changed']);
  });

  it('of another replica do not count once they are not fresh', async () => {
    await fetchFrom(createReplica());
    now += FRESH_FOR;
    state = 'success';
    expect(await fetchFrom(createReplica())).toMatchObject({ statuses: [{ state: 'success' }] });
  });

  it('of another connection are not used', async () => {
    await fetchFrom(createReplica());
    await fetchFrom(createReplica('other https://git.test'));
    expect(calls).toEqual([COMMIT, COMMIT]);
  });

  it.each([
    [{ statuses: [{ context: 'scan', state: 'neutral', outcome: 'neutral' }] }],
    [{ statuses: [{ context: 'scan', state: 'success', outcome: 'success', url: 'javascript:x' }] }],
    [{ statuses: {} }],
    [null],
  ])('in a malformed record are not used: %j', (record) => {
    expect(parseStatusPage(record)).toBeUndefined();
  });
});
