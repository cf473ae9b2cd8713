import { beforeEach, describe, expect, it } from 'vitest';
import { createSharedFetch, type SharedFetch, type SharedQuery } from '../../../src/replicas/shared-fetch.ts';
import { createFakeReplicaChannel, type FakeReplicaChannel } from '../../fixtures/fake-replica-channel.ts';

let now: number;
let channel: FakeReplicaChannel;
let delays: number;
let whileWaiting: () => void;
let share: SharedFetch;
let calls: number;

beforeEach(() => {
  now = 1_000_000;
  channel = createFakeReplicaChannel(() => now);
  delays = 0;
  whileWaiting = () => undefined;
  calls = 0;
  share = createSharedFetch({
    channel,
    now: () => now,
    async delay(ms) {
      delays++;
      now += ms;
      whileWaiting();
    },
  });
});

/** Upstream's responses are numbers, and take 100 ms. */
function query(given: Partial<SharedQuery<number>> = {}): SharedQuery<number> {
  return {
    topic: 'topic',
    parse: (value) => (typeof value === 'number' ? value : undefined),
    accept: ({ observedAt }) => now - observedAt < 5_000,
    async fetch() {
      now += 100;
      return ++calls;
    },
    ttlMs: () => 60_000,
    ...given,
  };
}

async function countReads(given: Partial<SharedQuery<number>> = {}): Promise<number> {
  const before = channel.reads;
  await share(query(given));
  return channel.reads - before;
}

describe('a query', () => {
  it('calls upstream if there is no record; the response is as old as the call', async () => {
    expect(await share(query())).toEqual({ value: 1, observedAt: 1_000_000 });
    expect(channel.leases.size).toBe(0);
  });

  it('calls upstream if the record is longer than any response', async () => {
    channel.put('topic', { text: `${' '.repeat(4_000_000)}7`, ageMs: 0 });
    expect((await share(query())).value).toBe(1);
  });

  it("returns another replica's recent response, with its age", async () => {
    await share(query());
    now += 2_000;
    expect(await share(query())).toEqual({ value: 1, observedAt: 1_000_000 });
    expect(calls).toBe(1);
  });

  it('passes a response that is too old to the next call', async () => {
    await share(query());
    now += 5_000;
    let last: unknown;
    const fetch = (observed: unknown) => {
      last = observed;
      return Promise.resolve(7);
    };
    expect(await share(query({ fetch }))).toMatchObject({ value: 7 });
    expect(last).toEqual({ value: 1, observedAt: 1_000_000 });
  });

  it.each(['"text"', '{', '{}', 'null'])('calls upstream if the record was broken into %s', async (text) => {
    channel.put('topic', { text, ageMs: 0 });
    expect(await share(query())).toMatchObject({ value: 1 });
  });

  it('does not publish a response that is of no use to others', async () => {
    await share(query({ ttlMs: () => 0 }));
    expect(channel.published).toEqual([]);
  });
});

describe('a query whose lease another replica holds', () => {
  it('waits for the response', async () => {
    channel.leases.add('topic');
    whileWaiting = () => {
      if (delays === 3) channel.put('topic', { text: '42', ageMs: 10 });
    };
    expect(await share(query())).toEqual({ value: 42, observedAt: now - 10 });
    expect(delays).toBe(3);
    expect(calls).toBe(0);
  });

  it('calls upstream as soon as the other replica has failed', async () => {
    channel.leases.add('topic');
    whileWaiting = () => {
      if (delays === 3) channel.leases.clear();
    };
    expect(await share(query())).toMatchObject({ value: 1 });
    expect(delays).toBe(3);
  });

  it('calls upstream after three seconds in any case', async () => {
    channel.leases.add('topic');
    expect(await share(query())).toMatchObject({ value: 1 });
    expect(now - 1_000_000).toBeLessThanOrEqual(3_200);
    expect(channel.published).toHaveLength(1);
    // The other replica may still be waiting for its response.
    expect(channel.leases.has('topic')).toBe(true);
  });

  it('does not call upstream when the other replica has published between two reads', async () => {
    await share(query());
    now += 5_000;
    const readOrAcquire = channel.readOrAcquire.bind(channel);
    channel.readOrAcquire = (topic, maxAgeMs, leaseMs) => {
      if (channel.reads === 2) channel.put('topic', { text: '42', ageMs: 0 });
      return readOrAcquire(topic, maxAgeMs, leaseMs);
    };
    expect(await share(query())).toMatchObject({ value: 42 });
    expect(calls).toBe(1);
    expect(channel.leases.size).toBe(0);
  });

  it('does not report a response as younger after a slow read', async () => {
    await share(query());
    const readOrAcquire = channel.readOrAcquire.bind(channel);
    channel.readOrAcquire = async (...request) => {
      const read = await readOrAcquire(...request);
      now += 200;
      return read;
    };
    expect(await share(query())).toEqual({ value: 1, observedAt: 1_000_000 });
  });

  it('calls upstream after about three seconds even if each read is slow', async () => {
    channel.leases.add('topic');
    const readOrAcquire = channel.readOrAcquire.bind(channel);
    channel.readOrAcquire = (topic, maxAgeMs, leaseMs) => {
      now += 200;
      return readOrAcquire(topic, maxAgeMs, leaseMs);
    };
    expect(await share(query())).toMatchObject({ value: 1 });
    expect(now - 1_000_000).toBeLessThanOrEqual(3_600);
  });
});

describe('with slow reads, waits for the response', () => {
  it('once without a record; publishing is not awaited', async () => {
    expect(await countReads()).toBe(1);
    expect(channel.published).toHaveLength(1);
  });

  it('once if another replica has called recently', async () => {
    await share(query());
    expect(await countReads()).toBe(1);
  });

  it('once when the record is too old, if maxAgeMs is given; else twice', async () => {
    await share(query());
    now += 5_000;
    expect(await countReads({ maxAgeMs: 4_999 })).toBe(1);
    now += 5_000;
    expect(await countReads()).toBe(2);
    expect(calls).toBe(3);
  });

  it('never if calling upstream is faster; the response is still published', async () => {
    channel.slow = true;
    expect(await countReads({ skipIfSlow: true })).toBe(0);
    expect(channel.published).toHaveLength(1);
    expect(await countReads()).toBe(1);
    channel.slow = false;
    expect(await share(query({ skipIfSlow: true }))).toMatchObject({ value: 1 });
  });
});

it('a failure is rethrown, not published, and releases the lease', async () => {
  const failing = query({ fetch: () => Promise.reject(new Error('upstream')) });
  await expect(share(failing)).rejects.toThrow('upstream');
  expect(channel.published).toEqual([]);
  expect(channel.leases.size).toBe(0);
});

it('each replica calls upstream itself, without waiting, while the channel is down', async () => {
  channel.down = true;
  expect(await share(query())).toMatchObject({ value: 1 });
  expect(await share(query())).toMatchObject({ value: 2 });
  expect(delays).toBe(0);
});
