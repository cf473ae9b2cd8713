import { beforeEach, describe, expect, it } from 'vitest';
import { DigestCache } from '../../../src/registry/digest-cache.ts';
import { createSharedFetch } from '../../../src/replicas/shared-fetch.ts';
import { createSharedRegistryClient } from '../../../src/replicas/shared-registry.ts';
import type { ImageSource, RevisionResult } from '../../../src/resolve/ports.ts';
import { createFakeReplicaChannel, type FakeReplicaChannel } from '../../fixtures/fake-replica-channel.ts';
import { digest } from '../../fixtures/builders.ts';
import type { DigestResult } from '../../../src/registry/registry-client.ts';

const IMAGE = 'ghcr.io/acme/shop:sha-1a2b3c4';
const BY_DIGEST = `ghcr.io/acme/shop@${digest('a')}`;
const FRESH_FOR = 15_000;
const MINUTE = 60_000;
const FOUND: DigestResult = { kind: 'found', digest: digest('a'), mediaType: 'application/json' };
const ABSENT: DigestResult = { kind: 'absent', missing: 'manifest', reason: 'MANIFEST_UNKNOWN' };

let now: number;
let channel: FakeReplicaChannel;
let answer: DigestResult;
let revision: RevisionResult;
let calls: number;

beforeEach(() => {
  now = 1_000_000_000;
  channel = createFakeReplicaChannel(() => now);
  answer = FOUND;
  revision = { kind: 'found', revisions: [] };
  calls = 0;
});

/** As the core uses it: behind the cache. */
function createReplica(): ImageSource {
  const share = createSharedFetch({ channel, now: () => now, delay: async (ms) => void (now += ms) });
  const client = {
    async resolveDigest() {
      calls++;
      return answer;
    },
    async resolveRevision() {
      calls++;
      return revision;
    },
  };
  return new DigestCache({
    client: createSharedRegistryClient(client, share),
    freshFor: FRESH_FOR,
    now: () => now,
  });
}

const read = (replica: ImageSource, immutable: boolean) => replica.readDigest(IMAGE, { immutable });

describe('a digest', () => {
  it('of an immutable tag is fetched by one replica, once an hour', async () => {
    const [one, other] = [createReplica(), createReplica()];
    await read(one, true);
    now += 59 * MINUTE;
    expect(await read(other, true)).toMatchObject({ kind: 'found', digest: digest('a') });
    expect(calls).toBe(1);
    // It was asked for an hour ago, not when this one was told.
    now += MINUTE;
    await read(other, true);
    await read(one, true);
    expect(calls).toBe(2);
  });

  it('of a mutable tag is fetched by one replica per freshFor, with its time', async () => {
    const [one, other] = [createReplica(), createReplica()];
    const at = now;
    await read(one, false);
    now += FRESH_FOR - 1;
    expect(await read(other, false)).toMatchObject({ asOf: at });
    now += 1;
    expect(await read(other, false)).toMatchObject({ asOf: now });
    expect(calls).toBe(2);
  });

  it('that is absent is fetched again after freshFor by a starting replica', async () => {
    answer = ABSENT;
    await read(createReplica(), true);
    now += FRESH_FOR - 1;
    expect(await read(createReplica(), true)).toMatchObject({ kind: 'absent' });
    expect(calls).toBe(1);
    now += 1;
    answer = FOUND;
    expect(await read(createReplica(), true)).toMatchObject({ kind: 'found' });
    expect(calls).toBe(2);
  });

  it('that has long been absent is fetched by one replica, less and less often', async () => {
    answer = ABSENT;
    const replicas = [createReplica(), createReplica()];
    for (let poll = 0; poll < 240; poll++) {
      for (const replica of replicas) await read(replica, true);
      now += FRESH_FOR;
    }
    const together = calls;
    calls = 0;
    channel = createFakeReplicaChannel(() => now);
    const alone = createReplica();
    for (let poll = 0; poll < 240; poll++) {
      await read(alone, true);
      now += FRESH_FOR;
    }
    expect(together).toBe(calls);
  });

  it('that could not be fetched is not shared', async () => {
    const failure = { kind: 'unavailable', host: 'ghcr.io', message: 'down' } as const;
    answer = { kind: 'failed', failure };
    expect(await read(createReplica(), true)).toMatchObject({ kind: 'failed' });
    answer = FOUND;
    expect(await read(createReplica(), true)).toMatchObject({ kind: 'found' });
    expect(channel.published).toHaveLength(1);
  });

  it('that is corrupt is fetched again', async () => {
    await read(createReplica(), true);
    const [{ topic } = { topic: '' }] = channel.published;
    channel.put(topic, { text: '{"kind":"found","digest":"sha256:1","mediaType":"x"}', ageMs: 0 });
    expect(await read(createReplica(), true)).toMatchObject({ digest: digest('a') });
    expect(calls).toBe(2);
  });

  it('of a reference by digest is that digest, whatever a record says', async () => {
    await createReplica().readDigest(BY_DIGEST, { immutable: true });
    const { topic = '' } = channel.published[0] ?? {};
    channel.put(topic, { text: JSON.stringify({ ...FOUND, digest: digest('b') }), ageMs: 0 });
    expect(await createReplica().readDigest(BY_DIGEST, { immutable: true })).toMatchObject({
      digest: digest('a'),
    });
    expect(calls).toBe(2);
  });

  it('of a platform differs from that of the index', async () => {
    const replica = createReplica();
    await read(replica, true);
    await createReplica().readDigest(IMAGE, {
      immutable: true,
      platform: { os: 'linux', architecture: 'amd64' },
    });
    expect(calls).toBe(2);
  });
});

it('a revision is fetched once, unless that failed', async () => {
  revision = { kind: 'failed', failure: { kind: 'unavailable', host: 'ghcr.io', message: 'down' } };
  expect(await createReplica().readRevision(BY_DIGEST)).toMatchObject({ kind: 'failed' });
  revision = { kind: 'found', revisions: ['abc'] };
  for (let i = 0; i < 2; i++) expect(await createReplica().readRevision(BY_DIGEST)).toEqual(revision);
  expect(calls).toBe(2);
});
