import { setImmediate as nextTick, setTimeout as delay } from 'node:timers/promises';
import type { RedisArgument } from '@redis/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createSharedFetch } from '../../src/replicas/shared-fetch.ts';
import { createSharedRegistryClient } from '../../src/replicas/shared-registry.ts';
import { StoreBreaker } from '../../src/store/store-breaker.ts';
import { connectRedis, type RedisConnection } from '../../src/store/redis/connection.ts';
import { createRedisChannel } from '../../src/replicas/redis-channel.ts';
import { createRedisArchive, probeRedis } from '../../src/store/redis/archive.ts';
import { ArchivedStore } from '../../src/store/archived-store.ts';
import { describeStore } from '../contract/store.ts';
import { createLastGood, keptOf } from '../fixtures/store/last-good.ts';
import { digest } from '../fixtures/builders.ts';
import { startRedisServer, type RedisServer } from '../fixtures/store/redis-server.ts';
import type { RegistryClient } from '../../src/registry/registry-client.ts';

const DAY = 86_400_000;
const PASSWORD = 'a password, of this test only';

function openChannel(redis: RedisConnection) {
  return createRedisChannel(
    redis,
    new StoreBreaker({
      now: Date.now,
      warn(message) {
        throw new Error(message);
      },
      observer: { storeFailed: () => undefined, storeUp: () => undefined },
    }),
  );
}

/** Commands that are sent together make one trip. Publishing is never answered, so awaiting it would hang. */
function countTrips(redis: RedisConnection, slow: boolean) {
  let trips = 0;
  let publications = 0;
  let together: Promise<void> | undefined;

  async function leave(): Promise<void> {
    await nextTick();
    trips++;
    together = undefined;
  }

  return {
    ...redis,
    isSlow: () => slow,
    trips: () => trips,
    publications: () => publications,
    async send(...command: readonly RedisArgument[]): Promise<unknown> {
      if (command.some((part) => part.includes('told:')) && command[1]?.includes('PEXPIRE') === true) {
        publications++;
        return new Promise(() => undefined);
      }
      together ??= leave();
      await together;
      return redis.send(...command);
    },
  };
}

describe.skipIf(!inject('redis').available)('with a Redis server', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function connect(url = server.url, readPassword?: () => string) {
    const redis = connectRedis({ url, ...(readPassword && { readPassword }) });
    await redis.untilConnected(5_000);
    return redis;
  }

  describeStore('redis', async () => {
    await server.command('FLUSHALL');
    return {
      survives: true,
      async open() {
        const archive = createRedisArchive(await connect(), DAY);
        const outage = new StoreBreaker({
          now: Date.now,
          warn(message) {
            throw new Error(message);
          },
          observer: { storeFailed: () => undefined, storeUp: () => undefined },
        });
        const store = new ArchivedStore({ archive, outage, readAgainAfter: 0, now: Date.now });
        return { store, close: () => archive.close() };
      },
      stop: async () => undefined,
    };
  });

  describe('a probe', () => {
    it('writes, and leaves nothing behind', async () => {
      await server.command('FLUSHALL');
      const redis = await connect();
      await probeRedis(redis);
      expect(await server.command('DBSIZE')).toBe(':0');
      await redis.close();
    });

    it('fails where nothing can be written', async () => {
      await server.command('REPLICAOF 127.0.0.1 1');
      const redis = await connect();
      await expect(probeRedis(redis)).rejects.toThrow(/^Redis at 127\.0\.0\.1:\d+: READONLY$/);
      await redis.close();
      await server.command('REPLICAOF NO ONE');
    });
  });

  describe('an answer', () => {
    it('is kept under a name that says whose it is, as long as it is asked for', async () => {
      await server.command('FLUSHALL');
      const archive = createRedisArchive(await connect(), 30 * DAY);
      await archive.write('key', createLastGood(1), 0);
      expect(await server.command('EXISTS greenpin:1:last-good:key')).toBe(':1');
      await server.command('PEXPIRE greenpin:1:last-good:key 60000');
      await archive.read('key');
      const left = Number((await server.command('PTTL greenpin:1:last-good:key')).slice(1));
      expect(left).toBeGreaterThan(29 * DAY);
      expect(left).toBeLessThanOrEqual(30 * DAY);
      await archive.close();
    });

    it.each([
      'HSET KEY revision 7 value {',
      'HSET KEY revision 7 value {}',
      'HSET KEY revision 7 value null',
      "HSET KEY revision 7 value 'x'",
      'HSET KEY revision seven value {}',
      'HSET KEY revision 1e300 value {}',
      'HSET KEY revision -1 value {}',
      'HSET KEY revision 99999999999999999999 value {}',
      'HSET KEY revision 7',
      'HSET KEY value {}',
      'HSET KEY something else',
      'SET KEY text',
      'RPUSH KEY 1 2',
      'SADD KEY 1',
    ])('that was broken by %s is unreadable, not absent, and is overwritten', async (command) => {
      await server.command('FLUSHALL');
      const archive = createRedisArchive(await connect(), DAY);
      await server.command(command.replace('KEY', 'greenpin:1:last-good:key'));
      expect(await archive.read('key')).toBe('unreadable');
      expect(await archive.read('another')).toBeUndefined();
      expect(await archive.write('key', createLastGood(1), 0)).toMatchObject({ kind: 'written' });
      expect(keptOf(await archive.read('key'))?.value).toEqual(createLastGood(1));
      expect(await archive.write('key', createLastGood(2), 0)).toMatchObject({ kind: 'overtaken' });
      await archive.close();
    });

    it('of enormous length is not fetched', async () => {
      await server.command('FLUSHALL');
      const redis = await connect();
      const archive = createRedisArchive(redis, DAY);
      await redis.send('HSET', 'greenpin:1:last-good:key', 'revision', '7', 'value', 'x'.repeat(1_000_001));
      const replies: unknown[] = [];
      const watched = {
        ...redis,
        send: async (...command: readonly RedisArgument[]) => replies.push(await redis.send(...command)),
      };
      await createRedisArchive(watched, DAY).read('key');
      expect(JSON.stringify(replies).length).toBeLessThan(200);
      expect(await archive.read('key')).toBe('unreadable');
      await archive.close();
    });

    it('whose revision has come to its end is counted anew', async () => {
      await server.command('FLUSHALL');
      const archive = createRedisArchive(await connect(), DAY);
      await archive.write('key', createLastGood(1), 0);
      await server.command('HSET greenpin:1:last-good:key revision 999999999999999');
      expect(await archive.read('key')).toMatchObject({ revision: 999_999_999_999_999 });
      expect(await archive.write('key', createLastGood(2), 999_999_999_999_999)).toEqual({
        kind: 'written',
        revision: 1,
      });
      expect(keptOf(await archive.read('key'))?.value).toEqual(createLastGood(2));
      await archive.close();
    });

    it('that is unreadable does not vanish before it would be forgotten', async () => {
      await server.command('FLUSHALL');
      const archive = createRedisArchive(await connect(), 30 * DAY);
      await server.command('SET greenpin:1:last-good:key text PX 60000');
      await archive.read('key');
      const left = Number((await server.command('PTTL greenpin:1:last-good:key')).slice(1));
      expect(left).toBeGreaterThan(29 * DAY);
      await archive.close();
    });
  });

  describe('a server that has lost what it had', () => {
    it.each(['is flushed', 'is started again without a copy', 'has evicted its mark'])(
      'is noticed by who knew it before, when it %s: what is not there may be known to another one',
      async (how) => {
        await server.command('FLUSHALL');
        let elapsed = 0;
        const archive = createRedisArchive(await connect(), DAY, () => elapsed);
        expect(await archive.read('key')).toBeUndefined();
        expect(archive.record?.lostRecently()).toBe(false);
        if (how.startsWith('is flushed')) await server.command('FLUSHALL');
        else if (how.startsWith('has')) await server.command('DEL greenpin:1:memory');
        else {
          await server.kill();
          await server.start();
        }
        // Another one comes first, who has not known it.
        const late = createRedisArchive(await connect(), DAY);
        expect(await late.read('key')).toBeUndefined();
        expect(late.record?.lostRecently()).toBe(false);
        await expect.poll(() => archive.read('key').catch(() => 'down')).toBeUndefined();
        expect(archive.record?.lostRecently()).toBe(true);
        expect(archive.record?.wasReplaced()).toBe(true);
        expect(archive.record?.wasReplaced()).toBe(false);
        elapsed += 30_000;
        expect(archive.record?.lostRecently()).toBe(false);
        await archive.close();
        await late.close();
      },
    );
  });

  it('a process that was the first to read notices the loss by itself', async () => {
    await server.command('FLUSHALL');
    const archive = createRedisArchive(await connect(), DAY);
    await archive.read('key');
    await server.command('FLUSHALL');
    expect(await archive.read('key')).toBeUndefined();
    expect(archive.record?.lostRecently()).toBe(true);
    expect(archive.record?.wasReplaced()).toBe(true);
    await archive.read('key');
    expect(archive.record?.wasReplaced()).toBe(false);
    await archive.close();
  });

  describe('the replica channel', () => {
    it('returns a record with its age, and the lease to one replica, in one command', async () => {
      await server.command('FLUSHALL');
      const redis = await connect();
      const channel = openChannel(redis);
      const first = await channel.readOrAcquire('topic', Infinity, 60_000);
      expect(first).toEqual({ record: undefined, lease: expect.anything() as unknown });
      expect((await channel.readOrAcquire('topic', Infinity, 60_000)).lease).toBeUndefined();
      first.lease?.publish({ text: 'said', ageMs: 1_000 }, 60_000);
      const { record, lease } = await channel.readOrAcquire('topic', Infinity, 60_000);
      expect(record?.text).toBe('said');
      expect(record?.ageMs).toBeGreaterThanOrEqual(1_000);
      expect(lease).toBeUndefined();
      const older = await channel.readOrAcquire('topic', 999, 60_000);
      expect(older.record?.text).toBe('said');
      older.lease?.release();
      expect((await channel.readOrAcquire('topic', -1, 60_000)).lease).toBeDefined();
      await redis.close();
    });

    it('keeps the newer record, and replaces a malformed one', async () => {
      await server.command('FLUSHALL');
      const redis = await connect();
      const channel = openChannel(redis);
      channel.publish('topic', { text: 'new', ageMs: 0 }, 60_000);
      channel.publish('topic', { text: 'old', ageMs: 30_000 }, 60_000);
      expect((await channel.readOrAcquire('topic', Infinity, 1)).record?.text).toBe('new');
      for (const command of ['SET KEY text', 'HSET KEY at nan text x', 'HSET KEY at 9e99 text x']) {
        await server.command('FLUSHALL');
        await server.command(command.replace('KEY', 'greenpin:1:told:topic'));
        const { record, lease } = await channel.readOrAcquire('topic', Infinity, 1_000);
        expect(record).toBeUndefined();
        lease?.publish({ text: 'mended', ageMs: 0 }, 60_000);
        expect((await channel.readOrAcquire('topic', Infinity, 1)).record?.text).toBe('mended');
      }
      await redis.send('HSET', 'greenpin:1:told:topic', 'at', '1', 'text', 'x'.repeat(4_100_001));
      expect((await channel.readOrAcquire('topic', Infinity, 1)).record).toBeUndefined();
      await redis.close();
    });

    it.each([
      ['three', false],
      ['two, where the server is slow', true],
    ])(
      'makes, with the last good answers, trips to the server one after the other for a new branch: %s',
      async (_, slow) => {
        await server.command('FLUSHALL');
        const redis = await connect();
        const counting = countTrips(redis, slow);
        const share = createSharedFetch({ channel: openChannel(counting), now: Date.now, delay });
        const upstream: RegistryClient = {
          resolveDigest: async () => ({ kind: 'found', digest: digest('a'), mediaType: 'x' }),
          resolveRevision: async () => ({ kind: 'found', revisions: [] }),
        };
        const client = createSharedRegistryClient(upstream, share);
        const archive = createRedisArchive(counting, DAY);
        for (let i = 0; i < 30; i++) {
          await archive.read(`key ${i}`);
          const images = ['front', 'back'].map((path) => ({ registry: 'ghcr.io', path, tag: String(i) }));
          await Promise.all(images.map((image) => client.resolveDigest(image)));
          await archive.write(`key ${i}`, createLastGood(i), 0);
        }
        expect(counting.trips()).toBe(30 * (slow ? 2 : 3));
        expect(counting.publications()).toBe(60);
        await redis.close();
      },
    );
  });

  describe('a connection', () => {
    it('fails in a fraction of a second while the server hangs, and goes on when it does not any more', async () => {
      const redis = await connect();
      server.freeze();
      const started = performance.now();
      await expect(redis.send('PING')).rejects.toThrow(
        `Redis at ${new URL(server.url).host}: no answer in time`,
      );
      expect(performance.now() - started).toBeLessThan(8_000);
      server.thaw();
      await expect.poll(() => redis.send('PING')).toBe('PONG');
      await redis.close();
    });

    it('fails at once while the server is gone, and comes back by itself', async () => {
      const redis = await connect();
      await server.kill();
      await expect
        .poll(() => redis.send('PING').catch((error: Error) => error.message))
        .toBe(`Redis at ${new URL(server.url).host}: ECONNREFUSED`);
      await server.start();
      await expect.poll(() => redis.send('PING').catch(() => 'down')).toBe('PONG');
      await redis.close();
    });

    it('can be closed while it hangs, and while it was never there', async () => {
      const redis = await connect();
      server.freeze();
      await redis.close();
      server.thaw();
      const nobody = connectRedis({ url: 'redis://127.0.0.1:1' });
      await nobody.untilConnected(50);
      await expect(nobody.send('PING')).rejects.toThrow('Redis at 127.0.0.1:1: ECONNREFUSED');
      await nobody.close();
    });

    it('signs in with the password that is there when it connects', async () => {
      const guarded = await startRedisServer(PASSWORD.replaceAll(' ', '_'));
      let password = 'wrong';
      const redis = await connect(guarded.url, () => password);
      const refused: unknown = await redis.send('PING').catch((error: unknown) => error);
      expect(String(refused)).toMatch(/WRONGPASS|Authentication/i);
      expect(JSON.stringify(refused) + String(refused)).not.toContain('wrong');
      password = PASSWORD.replaceAll(' ', '_');
      await expect.poll(() => redis.send('PING').catch(() => 'refused')).toBe('PONG');
      await redis.close();
      await guarded[Symbol.asyncDispose]();
    });
  });
});
