/** Last good answers in memory, and how they relate to those in the archive. */
import { isDeepStrictEqual } from 'node:util';
import type { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { compareBuilds, isSameListing } from '../resolve/select-builds.ts';
import type { LastGood } from '../resolve/types.ts';
import type { Archive, Versioned } from './archive.ts';
import type { StoreBreaker } from './store-breaker.ts';

/** Enough for years of pull requests; the least recently used answer is evicted. */
const MAX_ANSWERS = 100_000;

export interface AnswerMemoryOptions {
  readonly archive: Archive;
  readonly outage: StoreBreaker;
  readonly now: Clock;
  /** Maximum number of answers. */
  readonly capacity?: number | undefined;
}

export interface RememberedAnswer extends Versioned {
  /** When it was last read or written, milliseconds since the epoch. */
  readonly readAt: number;
  /** `confirmedAt` of the archived copy; undefined if the archive does not have this answer. */
  readonly archivedAt: number | undefined;
}

export class AnswerMemory {
  /** Keys whose answers are not in the archive, the least recently tried first. */
  readonly unwritten = new Set<string>();
  readonly #archive: Archive;
  readonly #outage: StoreBreaker;
  readonly #now: Clock;
  readonly #answers: LRUCache<string, RememberedAnswer>;
  /**
   * Keys that the archive does not have, so that this is still known while it fails. Unused if other
   * processes write to the archive: they may have added the key since.
   */
  readonly #absent: LRUCache<string, true> | undefined;
  #evictedUnwritten = false;

  /** @param isSoleWriter whether no other process writes to the archive */
  constructor({ archive, outage, now, capacity = MAX_ANSWERS }: AnswerMemoryOptions, isSoleWriter: boolean) {
    this.#archive = archive;
    this.#outage = outage;
    this.#now = now;
    this.#answers = createBoundedCache<RememberedAnswer>(capacity, (_, key, reason) => {
      if (reason === 'evict' && this.unwritten.delete(key)) this.#evictedUnwritten = true;
    });
    if (isSoleWriter) this.#absent = createBoundedCache<true>(capacity);
  }

  get(key: string): RememberedAnswer | undefined {
    return this.#answers.get(key);
  }

  /** @returns the answer while the archive fails; `unreadable` if the archive may have one */
  recall(key: string): LastGood | 'unreadable' | undefined {
    return this.#answers.get(key)?.value ?? (this.#absent?.has(key) === true ? undefined : 'unreadable');
  }

  /** @param archivedAt see `RememberedAnswer` */
  remember(key: string, { value, revision }: Versioned, archivedAt: number | undefined): void {
    if (archivedAt === undefined) this.unwritten.add(key);
    else this.unwritten.delete(key);
    this.#absent?.delete(key);
    this.#answers.set(key, { value, revision, archivedAt, readAt: this.#now() });
  }

  /** Updates an answer that was confirmed again, which alone is not worth a write. */
  confirm(key: string, value: LastGood): void {
    const known = this.#answers.get(key);
    if (known !== undefined) this.#answers.set(key, { ...known, value });
  }

  /**
   * Merges what the archive holds for a key with what is known here.
   * @returns the answer to use; `unreadable` if it cannot be known
   */
  merge(key: string, stored: Versioned | 'unreadable' | undefined): LastGood | 'unreadable' | undefined {
    if (stored === 'unreadable') this.#outage.reportUnreadable();
    const found = typeof stored === 'object' ? stored : undefined;
    const known = this.#answers.get(key);
    if (found !== undefined && (known === undefined || isAhead(found, known))) {
      this.remember(key, found, found.value.confirmedAt);
      return found.value;
    }
    if (known === undefined) {
      if (stored !== undefined || this.#archive.record?.lostRecently() === true) return 'unreadable';
      this.#absent?.set(key, true);
      return undefined;
    }
    if (stored === undefined && known.archivedAt !== undefined) this.#archive.record?.reportLoss();
    const isSame = found !== undefined && isDeepStrictEqual(found.value.set, known.value.set);
    // The next write must overwrite the revision compared with.
    const revision = Math.max(known.revision, found?.revision ?? 0);
    this.remember(key, { value: known.value, revision }, isSame ? found.value.confirmedAt : undefined);
    return known.value;
  }

  /** Marks all answers as unwritten, since another archive has taken the place of the old one. */
  resetArchived(): void {
    this.#absent?.clear();
    // Copied first, since setting an entry moves it.
    const answers = Array.from(this.#answers.entries());
    for (const [key, answer] of answers) {
      this.#answers.set(key, { ...answer, archivedAt: undefined });
      this.unwritten.add(key);
    }
  }

  /** True if the archive has, or had, every answer. */
  isArchived(): boolean {
    return this.unwritten.size === 0 && !this.#evictedUnwritten;
  }
}

/**
 * Believes the archive if another process has written after this one. The archive may also have lost writes
 * (a server that was flushed, or failed over to a lagging replica) or missed ours: then the newer build wins,
 * and resolution finds out if its image is gone. Of builds from two listings neither is newer: what is known
 * here was handed out under the present configuration.
 */
function isAhead(stored: Versioned, known: RememberedAnswer): boolean {
  if (stored.revision > known.revision && known.archivedAt !== undefined) return true;
  const [theirs, ours] = [stored.value.set.build, known.value.set.build];
  return isSameListing(theirs, ours) && compareBuilds(theirs, ours) > 0;
}
