/** The port for storage that outlives the process. Types only. */
import type { LastGood } from '../resolve/types.ts';

/** A stored answer. Each write of its key increments the revision. */
export interface Versioned {
  readonly value: LastGood;
  readonly revision: number;
}

export type WriteResult =
  | { readonly kind: 'written'; readonly revision: number }
  /** Another process has written in the meantime; nothing was changed. */
  | { readonly kind: 'overtaken'; readonly by: Versioned };

/** Keys are arbitrary text. `read` and `write` mark the key as used, and throw if the archive fails. */
export interface Archive {
  /**
   * @returns `unreadable` if this key has no valid answer (a broken row), although the archive works
   */
  read(key: string): Promise<Versioned | 'unreadable' | undefined>;
  /**
   * Compare-and-set. Overwrites an unreadable value.
   * @param expectedRevision the revision known to the writer, 0 for none; a newer one is not overwritten
   */
  write(key: string, value: LastGood, expectedRevision: number): Promise<WriteResult>;
  /** Undefined if the archive can prove nothing about its completeness. */
  readonly record?: ArchiveRecord;
  close(): Promise<void>;
}

/** An archive's record of its own completeness. Never throws. */
export interface ArchiveRecord {
  /** See `LastGoodStore.wholeSince`. */
  wholeSince(): number | null;
  /** Called with true before returning an answer that could not be written, with false once all are. */
  setIncomplete(incomplete: boolean): void;
  /** Called when a written answer has disappeared. */
  reportLoss(): void;
  /** True if the archive has just lost contents that other processes may still have in memory. */
  lostRecently(): boolean;
  /** @returns true if the archive was replaced since the last call by one that may lack earlier writes */
  wasReplaced(): boolean;
}

/** Receives the store's health, for metrics. */
export interface StoreObserver {
  storeFailed(): void;
  storeUp(up: boolean): void;
}
