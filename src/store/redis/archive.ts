/** Last good answers in Redis or Valkey, where several replicas find each other's. */
import { randomUUID } from 'node:crypto';
import type { Archive, Kept, Written } from '../archive.ts';
import { formatLastGood, parseLastGood } from '../last-good-json.ts';
import type { RedisConnection } from './connection.ts';
import type { Clock } from '../../clock.ts';

/** With the version of what is kept: another one's is not read. */
const PREFIX = 'greenpin:1:last-good:';

const PROBE_KEY = 'greenpin:1:check';

/** Holds a text that changes when the server loses what it had: a restart without persistence, a flush, an eviction. */
const MEMORY_KEY = 'greenpin:1:memory';
/** So long after that what is not there may be known to a replica that has not yet written it anew. */
const DOUBT_MS = 30_000;

/** No answer is nearly as long; what somebody else has put there must not fill this process's memory. */
const LONGEST_TEXT = 1_000_000;

/**
 * What is there, and whether it can be an answer: `kept` is that, or nil; a key of another type, without a revision that is a number, or
 * with a text that is far too long, is `broken`.
 */
const LOOK = `
local kept = redis.pcall('HMGET', KEYS[1], 'revision', 'value')
local broken = false
if kept.err then kept = nil; broken = true
elseif not (kept[1] and kept[2] and #kept[1] <= 15 and kept[1]:match('^%d+$') and #kept[2] <= ${LONGEST_TEXT}) then
  kept = nil; broken = redis.call('EXISTS', KEYS[1]) == 1
end`;

/** KEYS: the answer, the memory. ARGV: milliseconds to keep it, a text for a memory that is new. */
const READ = `${LOOK}
if kept or broken then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
local memory = redis.pcall('GET', KEYS[2])
if type(memory) ~= 'string' then redis.pcall('SET', KEYS[2], ARGV[2]); memory = ARGV[2] end
if broken then return { memory, 'broken' } end
if kept then return { memory, 'kept', kept[1], kept[2] } end
return { memory, 'none' }`;

/** KEYS: the answer. ARGV: milliseconds to keep it, revision that the writer knows, value. */
const WRITE = `${LOOK}
if kept and tonumber(kept[1]) > tonumber(ARGV[2]) then return kept end
local revision = string.format('%d', ARGV[2] + 1)
if #revision > 15 then revision = '1' end
if broken then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'revision', revision, 'value', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return revision`;

/**
 * Keys are forgotten by the server's clock, which is one for all replicas. It is the wall clock: set ahead by more than `forgetAfter`
 * it forgets everything, as a flush does, and what the replicas have in memory is written anew, as after that. So what such a server
 * does not have proves nothing of what was handed out (`wholeSince`).
 * @param forgetAfter milliseconds after which an answer that nobody asked for is deleted
 * @param elapsed milliseconds of any beginning, which nobody can set
 */
export function createRedisArchive(
  redis: RedisConnection,
  forgetAfter: number,
  elapsed: Clock = () => performance.now(),
): Archive {
  const keepFor = String(forgetAfter);
  const newMemory = randomUUID();
  let memory: string | undefined;
  let lostAt = -Infinity;
  let replaced = false;

  function watchMemory(seen: unknown): void {
    if (typeof seen !== 'string') return;
    if (memory !== undefined && memory !== seen) {
      replaced = true;
      lostAt = elapsed();
    }
    memory = seen;
  }

  async function write(key: string, value: Kept['value'], seen: number): Promise<Written> {
    const text = formatLastGood(value);
    const reply = await redis.send('EVAL', WRITE, '1', PREFIX + key, keepFor, String(seen), text);
    if (!Array.isArray(reply)) return { kind: 'written', revision: Number(reply) };
    const by = parseKept(reply[0], reply[1]);
    // What is broken there is nobody's answer.
    return by === undefined ? write(key, value, Number(reply[0])) : { kind: 'overtaken', by };
  }

  return {
    async read(key) {
      const reply = await redis.send('EVAL', READ, '2', PREFIX + key, MEMORY_KEY, keepFor, newMemory);
      const [seen, kind, revision, value]: unknown[] = Array.isArray(reply) ? reply : [];
      watchMemory(seen);
      if (kind === 'none') return undefined;
      return (kind === 'kept' ? parseKept(revision, value) : undefined) ?? 'unreadable';
    },
    write,
    record: {
      wholeSince: () => null,
      lacks: () => undefined,
      doubt: () => undefined,
      mayLack: () => elapsed() - lostAt < DOUBT_MS,
      wasReplaced() {
        const was = replaced;
        replaced = false;
        return was;
      },
    },
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

function parseKept(number: unknown, text: unknown): Kept | undefined {
  if (typeof text !== 'string') return undefined;
  const revision = Number(number);
  const value = parseLastGood(text);
  return value !== undefined && Number.isSafeInteger(revision) ? { value, revision } : undefined;
}
