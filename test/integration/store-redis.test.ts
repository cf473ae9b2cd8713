import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createOutage } from '../../src/store/outage.ts';
import { connectRedis } from '../../src/store/redis-connection.ts';
import { createRedisArchive, probeRedis } from '../../src/store/redis.ts';
import { createRememberingStore } from '../../src/store/remembering.ts';
import { describeStore } from '../contract/store.ts';
import { createLastGood } from '../fixtures/last-good.ts';
import { startRedisServer, type RedisServer } from '../fixtures/redis-server.ts';

const DAY = 86_400_000;
const PASSWORD = 'a password, of this test only';

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
        const outage = createOutage({
          now: Date.now,
          warn(message) {
            throw new Error(message);
          },
          observer: { storeFailed: () => undefined, storeUp: () => undefined },
        });
        const store = createRememberingStore({ archive, outage, readAgainAfter: 0, now: Date.now });
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

    it.each(['{', '{}', 'null', '"x"'])(
      'that was broken into %s is none, and can be written',
      async (broken) => {
        await server.command('FLUSHALL');
        const archive = createRedisArchive(await connect(), DAY);
        await server.command(`HSET greenpin:1:last-good:key revision 7 value ${broken.replaceAll('"', "'")}`);
        expect(await archive.read('key')).toBeUndefined();
        expect(await archive.write('key', createLastGood(1), 0)).toEqual({ kind: 'written', revision: 8 });
        expect((await archive.read('key'))?.value).toEqual(createLastGood(1));
        await archive.close();
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
