import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSignedChannel } from '../../../src/replicas/signed-channel.ts';
import { createFakeReplicaChannel, type FakeReplicaChannel } from '../../fixtures/fake-replica-channel.ts';
import type { ReplicaChannel } from '../../../src/replicas/replica-channel.ts';

let inner: FakeReplicaChannel;

beforeEach(() => {
  inner = createFakeReplicaChannel(() => 1_000_000);
});

function replica(...secrets: string[]): ReplicaChannel {
  return createSignedChannel(inner, () => secrets);
}

async function find(channel: ReplicaChannel, topic = 'topic'): Promise<string | undefined> {
  return (await channel.readOrAcquire(topic, Infinity, 1_000)).record?.text;
}

const RECORD = { text: '{"digest":"sha256:..."}', ageMs: 5 };

describe('a record', () => {
  it('is accepted by a replica that has the same secret, with its age', async () => {
    replica('secret').publish('topic', RECORD, 1_000);
    expect((await replica('secret').readOrAcquire('topic', Infinity, 1_000)).record).toEqual(RECORD);
  });

  it('is accepted when it is published with the lease, which it releases', async () => {
    const { lease } = await replica('secret').readOrAcquire('topic', Infinity, 1_000);
    lease?.publish(RECORD, 1_000);
    expect(inner.leases.size).toBe(0);
    expect(await find(replica('secret'))).toBe(RECORD.text);
  });

  it('is accepted during a rotation of the secret, both ways', async () => {
    replica('new', 'old').publish('topic', RECORD, 1_000);
    expect(await find(replica('old', 'new'))).toBe(RECORD.text);
    expect(await find(replica('old'))).toBeUndefined();
  });

  it('does not contain the secret', () => {
    replica('secret').publish('topic', RECORD, 1_000);
    expect(inner.published[0]?.text).not.toContain('secret');
  });
});

describe('a record that no replica with the secret has signed is not accepted', () => {
  it.each([
    ['without a signature', RECORD.text],
    ['shorter than a signature', 'x'],
    ['of nothing', ''],
    ['beyond ASCII', `${'é'.repeat(44)}${RECORD.text}`],
  ])('%s', async (_, text) => {
    inner.put('topic', { text, ageMs: 0 });
    expect(await find(replica('secret'))).toBeUndefined();
  });

  it.each(['', ' ', '\t '])(
    'with the secret %j, as from an empty line beside the real one',
    async (blank) => {
      const mac = createHmac('sha256', blank)
        .update(JSON.stringify(['greenpin exchange 1', 'topic', RECORD.text]))
        .digest('base64');
      inner.put('topic', { text: mac + RECORD.text, ageMs: 0 });
      expect(await find(replica('secret', blank))).toBeUndefined();
    },
  );

  it('with another secret', async () => {
    replica('another').publish('topic', RECORD, 1_000);
    expect(await find(replica('secret'))).toBeUndefined();
  });

  it('of another topic, or changed', async () => {
    replica('secret').publish('topic', RECORD, 1_000);
    const text = inner.published[0]?.text ?? '';
    inner.put('another', { text, ageMs: 0 });
    expect(await find(replica('secret'), 'another')).toBeUndefined();
    inner.put('topic', { text: text.replace('sha256', 'sha512'), ageMs: 0 });
    expect(await find(replica('secret'))).toBeUndefined();
  });
});

it('without a secret no record is published or accepted, and the lease is acquired and released', async () => {
  replica('secret').publish('topic', RECORD, 1_000);
  const failing = createSignedChannel(inner, () => {
    throw new Error('the file is not there yet');
  });
  for (const channel of [replica(), failing]) {
    expect(await find(channel)).toBeUndefined();
    channel.publish('other', RECORD, 1_000);
    const { lease } = await channel.readOrAcquire('other', Infinity, 1_000);
    lease?.publish(RECORD, 1_000);
    expect(inner.leases.has('other')).toBe(false);
  }
  expect(inner.published).toHaveLength(1);
});
