/** The port through which replicas share upstream's responses. */

/** A response of upstream. */
export interface SharedRecord {
  readonly text: string;
  /** Milliseconds since upstream was called, by the channel's clock, since replicas' clocks may differ. */
  readonly ageMs: number;
}

/** Never throws: without it, each replica calls upstream itself. */
export interface ReplicaChannel {
  /**
   * Reads a record and, if none is young enough, acquires the lease to call upstream, in one round trip.
   * @param maxAgeMs -1: always tries to acquire the lease
   * @param leaseMs maximum time to hold the lease
   * @returns no lease if another replica holds it or the record is young enough. While the channel is down,
   *   every caller gets a lease.
   */
  readOrAcquire(topic: string, maxAgeMs: number, leaseMs: number): Promise<Acquired>;
  /** Stores the record unless a newer one exists. Does not wait for completion. */
  publish(topic: string, record: SharedRecord, ttlMs: number): void;
  /** True if a round trip takes longer than one to a registry. */
  isSlow(): boolean;
}

export interface Acquired {
  readonly record?: SharedRecord | undefined;
  readonly lease?: Lease | undefined;
}

/** Ends with one of the two calls, neither of which waits for completion. */
export interface Lease {
  release(): void;
  publish(record: SharedRecord, ttlMs: number): void;
}
