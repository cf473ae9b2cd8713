/** Calls upstream once for all replicas: one holds the lease and publishes, the others wait. */
import type { Clock } from '../clock.ts';
import type { Lease, ReplicaChannel } from './replica-channel.ts';

/** Maximum time to hold a lease, in milliseconds. After that, every waiting replica calls upstream itself. */
const LEASE_MS = 3_000;
const READ_EVERY_MS = 40;
/** About fifty times the size of a page of a hundred runs. */
const LONGEST_TEXT = 4_000_000;

export interface SharedFetchOptions {
  readonly channel: ReplicaChannel;
  readonly now: Clock;
  readonly delay: (ms: number) => Promise<void>;
}

/** A response of upstream. */
export interface Observed<T> {
  readonly value: T;
  /** When the call began, or an earlier one that it repeats, ms since the epoch by this process's clock. */
  readonly observedAt: number;
}

export interface SharedQuery<T> {
  readonly topic: string;
  /** @returns undefined if the record is malformed */
  readonly parse: (record: unknown) => T | undefined;
  /** Whether another replica's response is acceptable. */
  readonly accept: (observed: Observed<T>) => boolean;
  /**
   * Calls upstream. Errors are rethrown, not published.
   * @param last the published response, which was not accepted
   */
  readonly fetch: (last: Observed<T> | undefined) => Promise<T>;
  /** When upstream was asked, by this process's clock, if the caller's own memory answered; else undefined. */
  readonly askedAt?: (value: T) => number | undefined;
  /** Age beyond which `accept` rejects every response, so that the first read acquires the lease. */
  readonly maxAgeMs?: number;
  /** Calls upstream without reading while a read takes longer. */
  readonly skipIfSlow?: boolean;
  /** How long others may use the response, in milliseconds; 0 to not publish it. */
  readonly ttlMs: (value: T) => number;
}

export type SharedFetch = <T>(query: SharedQuery<T>) => Promise<Observed<T>>;

export function createSharedFetch({ channel, now, delay }: SharedFetchOptions): SharedFetch {
  async function read<T>({ topic, parse }: SharedQuery<T>, maxAgeMs: number) {
    const readAt = now();
    const { record, lease } = await channel.readOrAcquire(topic, maxAgeMs, LEASE_MS);
    const value = record && parse(parseJson(record.text));
    // Measured before the read, so that the record is never reported as younger than it is.
    const observed = value === undefined ? undefined : { value, observedAt: readAt - (record?.ageMs ?? 0) };
    return { observed, lease };
  }

  async function fetch<T>(
    { topic, fetch: call, ttlMs, askedAt = () => undefined }: SharedQuery<T>,
    last?: Observed<T>,
    lease?: Lease,
  ): Promise<Observed<T>> {
    const startedAt = now();
    let isPublished = false;
    try {
      const value = await call(last);
      const observedAt = Math.min(startedAt, askedAt(value) ?? startedAt);
      const ttl = ttlMs(value);
      if (ttl > 0) {
        const record = { text: JSON.stringify(value), ageMs: Math.max(now() - observedAt, 0) };
        if (lease === undefined) channel.publish(topic, record, ttl);
        else lease.publish(record, ttl);
        isPublished = true;
      }
      return { value, observedAt };
    } finally {
      if (!isPublished) lease?.release();
    }
  }

  return async (query) => {
    if (query.skipIfSlow === true && channel.isSlow()) return fetch(query);
    const startedAt = now();
    let maxAgeMs = query.maxAgeMs ?? Infinity;
    for (let waited = 0; ;) {
      const { observed, lease } = await read(query, maxAgeMs);
      if (observed !== undefined && query.accept(observed)) {
        lease?.release();
        return observed;
      }
      // Reads take time, too. A clock that was set back must not prolong the wait.
      const isOver = Math.max(waited, now() - startedAt) >= LEASE_MS;
      if (lease !== undefined || isOver) return fetch(query, observed, lease);
      // The record was young enough but not accepted, so later reads only need the lease.
      const isFirst = maxAgeMs !== -1;
      maxAgeMs = -1;
      if (isFirst && observed !== undefined) continue;
      await delay(READ_EVERY_MS);
      waited += READ_EVERY_MS;
    }
  };
}

function parseJson(text: string): unknown {
  if (text.length > LONGEST_TEXT) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
