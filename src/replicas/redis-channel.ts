/** The replica channel in Redis or Valkey. Ages are by the server's clock. */
import { randomUUID } from 'node:crypto';
import type { StoreBreaker } from '../store/store-breaker.ts';
import type { RedisConnection } from '../store/redis/connection.ts';
import type { Lease, ReplicaChannel, SharedRecord } from './replica-channel.ts';

const RECORD_PREFIX = 'greenpin:1:told:';
const LEASE_PREFIX = 'greenpin:1:turn:';
const NOW = `local time = redis.call('TIME'); local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** The longest text that is parsed (shared-fetch.ts), plus its signature. */
const LONGEST_TEXT = 4_100_000;

/** A key of another type, an overlong text or a future time (the clock was set back) counts as no record. */
const READ = `${NOW}
local record = redis.pcall('HMGET', KEYS[1], 'at', 'text')
local at = not record.err and record[2] and #record[2] <= ${LONGEST_TEXT} and tonumber(record[1])
local age = at and now - at
if age and not (age >= 0 and age < 1e15) then age = nil end`;

/** KEYS: record, lease. ARGV: maximum age (ms), lease holder's id, lease duration (ms). */
const READ_OR_ACQUIRE = `${READ}
local acquired = 0
if not age or age > tonumber(ARGV[1]) then
  if redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then acquired = 1 end
end
if not age then return { acquired } end
return { acquired, string.format('%d', age), record[2] }`;

/** KEYS: lease. ARGV: lease holder's id. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/** KEYS: record, lease. ARGV: age (ms), text, time to live (ms), lease holder's id or nothing. */
const PUBLISH = `${READ}
if ARGV[4] ~= '' and redis.call('GET', KEYS[2]) == ARGV[4] then redis.call('DEL', KEYS[2]) end
if age and age < tonumber(ARGV[1]) then return 0 end
if record.err then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'at', string.format('%d', now - ARGV[1]), 'text', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

/** While Redis is down, every replica calls upstream itself. */
const OWN_LEASE: Lease = { release: () => undefined, publish: () => undefined };

export function createRedisChannel(redis: RedisConnection, outage: StoreBreaker): ReplicaChannel {
  function evaluate(script: string, keys: readonly string[], args: readonly (string | number)[]) {
    const texts = args.map((arg) => (typeof arg === 'number' ? String(Math.round(arg)) : arg));
    return outage.attempt('write', () => redis.send('EVAL', script, String(keys.length), ...keys, ...texts));
  }

  function publish(topic: string, { text, ageMs }: SharedRecord, ttlMs: number, holder = ''): void {
    // Not awaited, since the connection processes commands in order.
    void evaluate(PUBLISH, [RECORD_PREFIX + topic, LEASE_PREFIX + topic], [ageMs, text, ttlMs, holder]);
  }

  return {
    async readOrAcquire(topic, maxAgeMs, leaseMs) {
      const holder = randomUUID();
      const keys = [RECORD_PREFIX + topic, LEASE_PREFIX + topic] as const;
      const maxAge = Math.min(maxAgeMs, Number.MAX_SAFE_INTEGER);
      const response = await evaluate(READ_OR_ACQUIRE, keys, [maxAge, holder, leaseMs]);
      if (response === undefined) return { lease: OWN_LEASE };
      const [acquired, age, text]: unknown[] = Array.isArray(response.result) ? response.result : [];
      const lease: Lease = {
        release: () => void evaluate(RELEASE, [LEASE_PREFIX + topic], [holder]),
        publish: (record, ttlMs) => publish(topic, record, ttlMs, holder),
      };
      return { record: parseRecord(age, text), lease: acquired === 1 ? lease : undefined };
    },
    publish,
    isSlow: () => redis.isSlow(),
  };
}

function parseRecord(age: unknown, text: unknown): SharedRecord | undefined {
  if (typeof age !== 'string' || typeof text !== 'string') return undefined;
  return { text, ageMs: Number(age) };
}
