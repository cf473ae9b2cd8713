/** Last good answers in memory, before an archive that outlives the process (a file, a server). */
import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { Clock, LastGoodStore } from '../resolve/ports.ts';
import { compareBuilds } from '../resolve/select-build.ts';
import type { LastGood } from '../resolve/types.ts';
import type { Archive, Kept } from './archive.ts';
import type { Outage } from './outage.ts';

/** Enough for years of pull requests; the one that was asked for longest ago makes room. */
const MAX_ANSWERS = 100_000;
/** An answer is confirmed every few seconds; so often is that worth a write. */
const CONFIRM_AFTER_MS = 300_000;

export interface RememberingOptions {
  readonly archive: Archive;
  readonly outage: Outage;
  /** Milliseconds for which an answer is taken from memory without asking the archive; 0: others write to it as well. */
  readonly readAgainAfter: number;
  readonly now: Clock;
}

interface Entry extends Kept {
  readonly readAt: number;
  /** `confirmedAt` as the archive has it; undefined: the archive does not have this answer. */
  readonly archivedAt: number | undefined;
}

/**
 * While the archive fails, answers are kept in memory; they are written when it answers again and their branch is resolved.
 * Callers see to it that one key is resolved once at a time.
 */
export function createRememberingStore(options: RememberingOptions): LastGoodStore {
  const { archive, outage, readAgainAfter, now } = options;
  const entries = new LRUCache<string, Entry>({ maxSize: MAX_ANSWERS, sizeCalculation: () => 1 });

  /** Keys of which the archive has said that it has nothing: while it fails, that is known too. */
  const absent = new LRUCache<string, true>({ maxSize: MAX_ANSWERS, sizeCalculation: () => 1 });

  function remember(key: string, { value, revision }: Kept, archivedAt: number | undefined): void {
    entries.set(key, { value, revision, archivedAt, readAt: now() });
  }

  /** A negative age is none: the clock was set back. */
  function isJustRead({ readAt }: Entry): boolean {
    const age = now() - readAt;
    return age >= 0 && age < readAgainAfter;
  }

  return {
    async get(key) {
      const known = entries.get(key);
      if (known !== undefined && isJustRead(known)) return known.value;
      const read = await outage.attempt('read', () => archive.read(key));
      if (read === undefined) return known?.value ?? (absent.has(key) ? undefined : 'unreadable');
      const stored = read.result;
      if (stored !== undefined && (known === undefined || isAhead(stored, known))) {
        remember(key, stored, stored.value.confirmedAt);
        return stored.value;
      }
      if (known === undefined) {
        absent.set(key, true);
        return undefined;
      }
      const same = stored !== undefined && isDeepStrictEqual(stored.value.set, known.value.set);
      remember(key, atLeast(known, stored), same ? stored.value.confirmedAt : undefined);
      return known.value;
    },

    async set(key, value) {
      const known = entries.get(key);
      if (known !== undefined && isWritten(known, value) && !outage.lasts('write')) {
        entries.set(key, { ...known, value });
        return undefined;
      }
      const seen = known?.revision ?? 0;
      const write = await outage.attempt('write', () => archive.write(key, value, seen));
      if (write === undefined) {
        remember(key, { value, revision: seen }, undefined);
        return undefined;
      }
      if (write.result.kind === 'written') {
        remember(key, { value, revision: write.result.revision }, value.confirmedAt);
        return undefined;
      }
      const { by } = write.result;
      remember(key, by, by.value.confirmedAt);
      return isDeepStrictEqual(by.value.set, value.set) ? undefined : by.value;
    },

    wholeSince: () => null,
  };
}

/**
 * The archive is believed where somebody has written after what is known here. It may also have lost writes (a server that was
 * flushed, or that failed over to one that lagged behind), or have missed ours: of two then the newer build is taken, and if its
 * image is gone the resolution will find out.
 */
function isAhead(stored: Kept, known: Entry): boolean {
  if (stored.revision > known.revision && known.archivedAt !== undefined) return true;
  return compareBuilds(stored.value.set.build, known.value.set.build) > 0;
}

/** What is known here overwrites what it was compared with. */
function atLeast(known: Entry, stored: Kept | undefined): Kept {
  return { value: known.value, revision: Math.max(known.revision, stored?.revision ?? 0) };
}

/**
 * The distance counts, not the difference: after a clock was set back nothing is confirmed for longer, and replicas that are told
 * by one another, which reckon a little differently, need not correct each other.
 */
function isWritten({ value, archivedAt }: Entry, next: LastGood): boolean {
  return (
    archivedAt !== undefined &&
    Math.abs(next.confirmedAt - archivedAt) < CONFIRM_AFTER_MS &&
    isDeepStrictEqual(value.set, next.set)
  );
}
