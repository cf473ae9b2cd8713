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
  /** What cannot be read as an answer (a broken row) is as if it was not there. */
  read(key: string): Promise<Kept | undefined>;
  /**
   * Compares and sets.
   * @param seen the revision that the writer knows, 0: none; what has been written after it is not overwritten
   */
  write(key: string, value: LastGood, seen: number): Promise<Written>;
  close(): Promise<void>;
}
