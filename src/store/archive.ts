/** What a memory that outlives the process offers. Types only. */
import type { LastGood } from '../resolve/types.ts';

/** An answer as it is kept, with a number that each write of its key raises. */
export interface Kept {
  readonly value: LastGood;
  readonly revision: number;
}

export type Written =
  | { readonly kind: 'written'; readonly revision: number }
  /** Somebody else has written since; nothing was changed. */
  | { readonly kind: 'overtaken'; readonly by: Kept };

/** Keys are any text. Both calls mark the key as asked for, and throw when the archive does not answer. */
export interface Archive {
  /** @returns `unreadable`: something is there, and it is no answer (a broken row): that is the key's fault, not the archive's */
  read(key: string): Promise<Kept | 'unreadable' | undefined>;
  /**
   * Compares and sets. What cannot be read is overwritten.
   * @param seen the revision that the writer knows, 0: none; what has been written after it is not overwritten
   */
  write(key: string, value: LastGood, seen: number): Promise<Written>;
  /** Left out by an archive that can prove nothing of itself. */
  readonly record?: ArchiveRecord;
  close(): Promise<void>;
}

/** What an archive says of itself. Never throws. */
export interface ArchiveRecord {
  /** As `LastGoodStore.wholeSince`. */
  wholeSince(): number | null;
  /** Told before an answer is handed out that could not be written (true), and when all of them are written (false). */
  lacks(missing: boolean): void;
  /** Told when something is gone that was written. */
  doubt(): void;
  /** It has just lost what it had, and others may know what it does not have now. */
  mayLack(): boolean;
  /** @returns whether the archive is, since it was asked last, another one, which may have nothing of what was written */
  wasReplaced(): boolean;
}

/** Told how the store does, for metrics. */
export interface StoreObserver {
  storeFailed(): void;
  storeUp(up: boolean): void;
}
