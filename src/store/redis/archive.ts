/** Stores last good answers in Redis or Valkey, shared by all replicas. */
import { randomUUID } from 'node:crypto';
import type { Archive, Versioned, WriteResult } from '../archive.ts';
import type { LastGood } from '../../resolve/types.ts';
import { formatLastGood, parseLastGood } from '../last-good-json.ts';
import type { RedisConnection } from './connection.ts';
import type { Clock } from '../../clock.ts';

/** Contains the version of the format: other versions are never read. */
const PREFIX = 'greenpin:1:last-good:';

const PROBE_KEY = 'greenpin:1:check';

/** An id that changes when the server loses its data in a restart, a flush or an eviction. */
const DATASET_KEY = 'greenpin:1:memory';
/** How long replicas may take after a loss to write their answers again. */
const REWRITE_MS = 30_000;

/** Far more than any answer. A foreign value must not fill this process's memory. */
const MAX_TEXT = 1_000_000;

/**
 * Sets `kept` to the revision and value, or nil. Sets `broken` for a key of another type, without a numeric
 * revision, or with an overlong text.
 */
const LOOK = `
local kept = redis.pcall('HMGET', KEYS[1], 'revision', 'value')
local broken = false
if kept.err then kept = nil; broken = true
elseif not (kept[1] and kept[2] and #kept[1] <= 15 and kept[1]:match('^%d+$') and #kept[2] <= ${MAX_TEXT}) then
  kept = nil; broken = redis.call('EXISTS', KEYS[1]) == 1
end`;

/** KEYS: answer, dataset id. ARGV: time to live in ms, id for a new dataset. */
const READ = `${LOOK}
if kept or broken then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
local dataset = redis.pcall('GET', KEYS[2])
if type(dataset) ~= 'string' then redis.pcall('SET', KEYS[2], ARGV[2]); dataset = ARGV[2] end
if broken then return { dataset, 'broken' } end
if kept then return { dataset, 'kept', kept[1], kept[2] } end
return { dataset, 'none' }`;

/** KEYS: answer. ARGV: time to live in ms, expected revision, value. Replies: revision or newer answer. */
const WRITE = `${LOOK}
if kept and tonumber(kept[1]) > tonumber(ARGV[2]) then return kept end
local revision = string.format('%d', ARGV[2] + 1)
if #revision > 15 then revision = '1' end
if broken then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'revision', revision, 'value', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return revision`;

/**
 * Keys expire by the server's clock, which all replicas share. If that wall clock is set ahead by more than
 * `forgetAfter`, everything expires, and replicas write the answers in memory again, as after a flush. A
 * missing key therefore does not prove that nothing was handed out (`wholeSince` is null).
 * @param forgetAfter milliseconds after which an unused answer is deleted
 * @param elapsed monotonic milliseconds
 */
export function createRedisArchive(
  redis: RedisConnection,
  forgetAfter: number,
  elapsed: Clock = () => performance.now(),
): Archive {
  const timeToLive = String(forgetAfter);
  let dataset: string | undefined;
  let lostAt = -Infinity;
  let replaced = false;

  function watchDataset(present: unknown): void {
    if (typeof present !== 'string') return;
    if (dataset !== undefined && dataset !== present) {
      replaced = true;
      lostAt = elapsed();
    }
    dataset = present;
  }

  async function write(key: string, value: LastGood, expectedRevision: number): Promise<WriteResult> {
    const text = formatLastGood(value);
    const expected = String(expectedRevision);
    const reply = await redis.send('EVAL', WRITE, '1', PREFIX + key, timeToLive, expected, text);
    if (!Array.isArray(reply)) return { kind: 'written', revision: Number(reply) };
    const by = parseVersioned(reply[0], reply[1]);
    // An unreadable value is overwritten.
    return by === undefined ? write(key, value, Number(reply[0])) : { kind: 'overtaken', by };
  }

  return {
    async read(key) {
      // A new id each time, so that a process also notices the loss of a dataset whose id it has set itself.
      const newId = randomUUID();
      const reply = await redis.send('EVAL', READ, '2', PREFIX + key, DATASET_KEY, timeToLive, newId);
      const [present, kind, revision, value]: unknown[] = Array.isArray(reply) ? reply : [];
      watchDataset(present);
      if (kind === 'none') return undefined;
      return (kind === 'kept' ? parseVersioned(revision, value) : undefined) ?? 'unreadable';
    },
    write,
    record: {
      wholeSince: () => null,
      setIncomplete: () => undefined,
      reportLoss: () => undefined,
      lostRecently: () => elapsed() - lostAt < REWRITE_MS,
      wasReplaced() {
        const was = replaced;
        replaced = false;
        return was;
      },
    },
    close: () => redis.close(),
  };
}

/** KEYS: a key used for nothing else. */
const PROBE = `redis.call('SET', KEYS[1], '1', 'PX', 1000)
return redis.call('DEL', KEYS[1])`;

/** Runs a script that writes, as the store does, and leaves nothing behind. @throws Error as `send` does */
export async function probeRedis(redis: RedisConnection): Promise<void> {
  await redis.send('EVAL', PROBE, '1', PROBE_KEY);
}

function parseVersioned(number: unknown, text: unknown): Versioned | undefined {
  if (typeof text !== 'string') return undefined;
  const revision = Number(number);
  const value = parseLastGood(text);
  return value !== undefined && Number.isSafeInteger(revision) ? { value, revision } : undefined;
}
