/** What replicas tell each other, in Redis or Valkey. Ages are by the server's clock. */
import { randomUUID } from 'node:crypto';
import type { StoreBreaker } from '../store/store-breaker.ts';
import type { RedisConnection } from '../store/redis/connection.ts';
import type { Exchange, Publication, Turn } from './exchange.ts';

const PREFIX = 'greenpin:1:told:';
const TURN_PREFIX = 'greenpin:1:turn:';
const NOW = `local time = redis.call('TIME'); local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** As long as what is read of it at most (shared-fetch.ts), and its signature. */
const LONGEST_TEXT = 4_100_000;

/** What is no publication, by its type, its length or its time (of a clock that was set back), is as if it was not there. */
const LOOK = `${NOW}
local told = redis.pcall('HMGET', KEYS[1], 'at', 'text')
local at = not told.err and told[2] and #told[2] <= ${LONGEST_TEXT} and tonumber(told[1])
local age = at and now - at
if age and not (age >= 0 and age < 1e15) then age = nil end`;

/**
 * Both in one question, since each may take long.
 * KEYS: the topic, the turn. ARGV: age in milliseconds that will do, whose turn it would be, milliseconds to have it.
 */
const LOOK_OR_TAKE = `${LOOK}
local turn = 0
if not age or age > tonumber(ARGV[1]) then
  if redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then turn = 1 end
end
if not age then return { turn } end
return { turn, string.format('%d', age), told[2] }`;

/** KEYS: the turn. ARGV: whose it is. */
const END_TURN = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/** KEYS: the topic, the turn. ARGV: age in milliseconds, text, milliseconds to keep it, whose turn it is. */
const PUBLISH = `${LOOK}
if ARGV[4] ~= '' and redis.call('GET', KEYS[2]) == ARGV[4] then redis.call('DEL', KEYS[2]) end
if age and age < tonumber(ARGV[1]) then return 0 end
if told.err then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'at', string.format('%d', now - ARGV[1]), 'text', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

/** A turn that nobody gave, since nobody could: whoever asks has it. */
const OWN_TURN: Turn = { end: () => undefined, publish: () => undefined };

export function createRedisExchange(redis: RedisConnection, outage: StoreBreaker): Exchange {
  /** Nobody waits for it: who asks next on this connection is answered after it. */
  function tell(script: string, keys: readonly string[], args: readonly string[]): void {
    void outage.attempt('write', () => redis.send('EVAL', script, String(keys.length), ...keys, ...args));
  }

  function publish(topic: string, { text, ageMs }: Publication, keepForMs: number, holder = ''): void {
    const args = [String(Math.round(ageMs)), text, String(Math.round(keepForMs)), holder];
    tell(PUBLISH, [PREFIX + topic, TURN_PREFIX + topic], args);
  }

  return {
    async look(topic, goodForMs, turnForMs) {
      const holder = randomUUID();
      const keys = [PREFIX + topic, TURN_PREFIX + topic];
      const goodFor = String(Math.min(Math.round(goodForMs), Number.MAX_SAFE_INTEGER));
      const looked = await outage.attempt('write', () =>
        redis.send('EVAL', LOOK_OR_TAKE, '2', ...keys, goodFor, holder, String(Math.round(turnForMs))),
      );
      if (looked === undefined) return { turn: OWN_TURN };
      const [turn, age, text]: unknown[] = Array.isArray(looked.result) ? looked.result : [];
      return {
        publication: parsePublication(age, text),
        turn:
          turn === 1
            ? {
                end: () => tell(END_TURN, [TURN_PREFIX + topic], [holder]),
                publish: (publication, keepForMs) => publish(topic, publication, keepForMs, holder),
              }
            : undefined,
      };
    },
    publish,
    isSlow: () => redis.isSlow(),
  };
}

function parsePublication(age: unknown, text: unknown): Publication | undefined {
  if (typeof age !== 'string' || typeof text !== 'string') return undefined;
  return { text, ageMs: Number(age) };
}
