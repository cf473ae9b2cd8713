/** Holds last good answers in memory, and merges them with those in the archive. */
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
  readonly #options: AnswerMemoryOptions;
  readonly #answers: LRUCache<string, RememberedAnswer>;
  /**
   * Keys known to be absent from the archive, for use while it fails. Unused if other processes write to the
   * archive, since they may have added the key.
   */
  readonly #absent: LRUCache<string, true> | undefined;
  #evictedUnwritten = false;

  /** @param isSoleWriter whether no other process writes to the archive */
  constructor(options: AnswerMemoryOptions, isSoleWriter: boolean) {
    const { capacity = MAX_ANSWERS } = options;
    this.#options = options;
    this.#answers = createBoundedCache<RememberedAnswer>(capacity, (_, key, reason) => {
      if (reason === 'evict' && this.unwritten.delete(key)) this.#evictedUnwritten = true;
    });
    if (isSoleWriter) this.#absent = createBoundedCache<true>(capacity);
  }

  get(key: string): RememberedAnswer | undefined {
    return this.#answers.get(key);
  }

  /** @returns the answer to use while the archive fails; `unreadable` if the archive may have another */
  recall(key: string): LastGood | 'unreadable' | undefined {
    return this.#answers.get(key)?.value ?? (this.#absent?.has(key) === true ? undefined : 'unreadable');
  }

  /** @param archivedAt see `RememberedAnswer` */
  remember(key: string, { value, revision }: Versioned, archivedAt: number | undefined): void {
    if (archivedAt === undefined) this.unwritten.add(key);
    else this.unwritten.delete(key);
    this.#absent?.delete(key);
    this.#answers.set(key, { value, revision, archivedAt, readAt: this.#options.now() });
  }

  /** Updates an answer that was only confirmed again, which does not justify a write. */
  confirm(key: string, value: LastGood): void {
    const known = this.#answers.get(key);
    if (known !== undefined) this.#answers.set(key, { ...known, value });
  }

  /**
   * Merges the archive's answer for a key with the one in memory.
   * @returns the answer to use; `unreadable` if it is unknown
   */
  merge(key: string, stored: Versioned | 'unreadable' | undefined): LastGood | 'unreadable' | undefined {
    const { archive, outage } = this.#options;
    if (stored === 'unreadable') outage.reportUnreadable();
    const found = typeof stored === 'object' ? stored : undefined;
    const known = this.#answers.get(key);
    if (found !== undefined && (known === undefined || isAhead(found, known))) {
      this.remember(key, found, found.value.confirmedAt);
      return found.value;
    }
    if (known === undefined) {
      if (stored !== undefined || archive.record?.lostRecently() === true) return 'unreadable';
      this.#absent?.set(key, true);
      return undefined;
    }
    if (stored === undefined && known.archivedAt !== undefined) archive.record?.reportLoss();
    const isSame = found !== undefined && isDeepStrictEqual(found.value.set, known.value.set);
    // The next write must overwrite the revision that was compared.
    const revision = Math.max(known.revision, found?.revision ?? 0);
    this.remember(key, { value: known.value, revision }, isSame ? found.value.confirmedAt : undefined);
    return known.value;
  }

  /** Marks all answers as unwritten after the archive was replaced. */
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
 * True if another process has written to the archive after this one. The archive may also have lost writes
 * (after a flush, or a failover to a lagging replica) or missed ours: then the newer build wins, and
 * resolution finds out if its image is gone. Builds from two listings cannot be compared, so the answer in
 * memory wins, since it was handed out under the current configuration.
 */
function isAhead(stored: Versioned, known: RememberedAnswer): boolean {
  if (stored.revision > known.revision && known.archivedAt !== undefined) return true;
  const [theirs, ours] = [stored.value.set.build, known.value.set.build];
  return isSameListing(theirs, ours) && compareBuilds(theirs, ours) > 0;
}
