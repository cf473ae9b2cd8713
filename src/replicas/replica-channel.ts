/** The port through which replicas share upstream's responses. */

/** A response of upstream. */
export interface SharedRecord {
  readonly text: string;
  /** Milliseconds since upstream was called, by the channel's own clock: those of two replicas may differ. */
  readonly ageMs: number;
}

/** Never throws: without it, each replica calls upstream itself. */
export interface ReplicaChannel {
  /**
   * Reads a record, and acquires the lease to call upstream where there is none that is as young: one round
   * trip for both.
   * @param maxAgeMs -1: acquires the lease whatever is there
   * @param leaseMs longest time that the lease is held
   * @returns no lease: another replica has it, or the record is young enough. While the channel is down,
   *   everyone gets a lease.
   */
  readOrAcquire(topic: string, maxAgeMs: number, leaseMs: number): Promise<Acquired>;
  /** Stores the record unless a newer one is there. Returns before it has arrived. */
  publish(topic: string, record: SharedRecord, ttlMs: number): void;
  /** A round trip takes longer than a registry's. */
  isSlow(): boolean;
}

export interface Acquired {
  readonly record?: SharedRecord | undefined;
  readonly lease?: Lease | undefined;
}

/** Ends with one of the two, which return before that has arrived. */
export interface Lease {
  release(): void;
  publish(record: SharedRecord, ttlMs: number): void;
}
