/** Last good answers in Redis or Valkey, where several replicas find each other's. */
import type { Archive, Kept, Written } from './archive.ts';
import { formatLastGood, parseLastGood } from './last-good-text.ts';
import type { RedisConnection } from './redis-connection.ts';

/** With the version of what is kept: another one's is not read. */
const PREFIX = 'greenpin:1:last-good:';

const PROBE_KEY = 'greenpin:1:check';

/** KEYS: the answer. ARGV: milliseconds to keep it. */
const READ = `
local kept = redis.call('HMGET', KEYS[1], 'revision', 'value')
if kept[1] then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return kept`;

/** KEYS: the answer. ARGV: milliseconds to keep it, revision that the writer knows, value. */
const WRITE = `
local kept = redis.call('HMGET', KEYS[1], 'revision', 'value')
if kept[1] and tonumber(kept[1]) > tonumber(ARGV[2]) then return kept end
local revision = string.format('%d', ARGV[2] + 1)
redis.call('HSET', KEYS[1], 'revision', revision, 'value', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return revision`;

/** @param forgetAfter milliseconds after which an answer that nobody asked for is deleted */
export function createRedisArchive(redis: RedisConnection, forgetAfter: number): Archive {
  const keepFor = String(forgetAfter);

  async function write(key: string, value: Kept['value'], seen: number): Promise<Written> {
    const reply = await redis.send(
      'EVAL',
      WRITE,
      '1',
      PREFIX + key,
      keepFor,
      String(seen),
      formatLastGood(value),
    );
    if (!Array.isArray(reply)) return { kind: 'written', revision: Number(reply) };
    const by = parseKept(reply);
    // What is broken there is nobody's answer.
    return by === undefined ? write(key, value, Number(reply[0])) : { kind: 'overtaken', by };
  }

  return {
    read: async (key) => parseKept(await redis.send('EVAL', READ, '1', PREFIX + key, keepFor)),
    write,
    close: () => redis.close(),
  };
}

/** KEYS: one that nobody has. */
const PROBE = `redis.call('SET', KEYS[1], '1', 'PX', 1000)
return redis.call('DEL', KEYS[1])`;

/** Runs a script that writes, since that is what the store takes, and leaves nothing behind. @throws Error as `send` does */
export async function probeRedis(redis: RedisConnection): Promise<void> {
  await redis.send('EVAL', PROBE, '1', PROBE_KEY);
}

function parseKept(reply: unknown): Kept | undefined {
  if (!Array.isArray(reply) || typeof reply[1] !== 'string') return undefined;
  const revision = Number(reply[0]);
  const value = parseLastGood(reply[1]);
  return value !== undefined && Number.isSafeInteger(revision) ? { value, revision } : undefined;
}
