/** What replicas tell each other, in Redis or Valkey. Ages are by the server's clock. */
import { randomUUID } from 'node:crypto';
import type { Exchange, Publication } from '../resolve/ports.ts';
import type { Outage } from './outage.ts';
import type { RedisConnection } from './redis-connection.ts';

const PREFIX = 'greenpin:1:told:';
const TURN_PREFIX = 'greenpin:1:turn:';
const NOW = `local time = redis.call('TIME'); local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** KEYS: the topic. */
const FIND = `${NOW}
local told = redis.call('HMGET', KEYS[1], 'at', 'text')
if not told[2] then return false end
return { string.format('%d', now - told[1]), told[2] }`;

/** KEYS: the topic. ARGV: age in milliseconds, text, milliseconds to keep it. */
const PUBLISH = `${NOW}
local at = now - ARGV[1]
local last = redis.call('HGET', KEYS[1], 'at')
if last and tonumber(last) > at and tonumber(last) <= now then return 0 end
redis.call('HSET', KEYS[1], 'at', string.format('%d', at), 'text', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

/** KEYS: the turn. ARGV: whose it is. */
const END_TURN = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/** A turn that nobody gave, since nobody could: whoever asks has it. */
const OWN_TURN = { end: () => Promise.resolve() };

export function createRedisExchange(redis: RedisConnection, outage: Outage): Exchange {
  return {
    async find(topic) {
      const found = await outage.attempt('read', () => redis.send('EVAL', FIND, '1', PREFIX + topic));
      return parsePublication(found?.result);
    },
    async publish(topic, { text, ageMs }, keepForMs) {
      const [age, keepFor] = [String(Math.round(ageMs)), String(Math.round(keepForMs))];
      await outage.attempt('write', () =>
        redis.send('EVAL', PUBLISH, '1', PREFIX + topic, age, text, keepFor),
      );
    },
    async takeTurn(topic, forMs) {
      const key = TURN_PREFIX + topic;
      const holder = randomUUID();
      const taken = await outage.attempt('write', () =>
        redis.send('SET', key, holder, 'NX', 'PX', String(Math.round(forMs))),
      );
      if (taken === undefined) return OWN_TURN;
      if (taken.result !== 'OK') return undefined;
      return {
        async end() {
          await outage.attempt('write', () => redis.send('EVAL', END_TURN, '1', key, holder));
        },
      };
    },
  };
}

function parsePublication(reply: unknown): Publication | undefined {
  if (!Array.isArray(reply) || typeof reply[1] !== 'string') return undefined;
  const ageMs = Number(reply[0]);
  // A server whose clock was set back cannot tell.
  return ageMs >= 0 ? { text: reply[1], ageMs } : undefined;
}
