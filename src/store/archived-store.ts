/** Last good answers in memory, before an archive that outlives the process (a file, a server). */
import { setImmediate as nextTick } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { LastGoodStore } from '../resolve/ports.ts';
import { compareBuilds } from '../resolve/select-builds.ts';
import type { LastGood } from '../resolve/types.ts';
import type { Archive, Kept } from './archive.ts';
import type { Outage } from './outage.ts';
import { isWithin, type Clock } from '../clock.ts';

/** Enough for years of pull requests; the one that was asked for longest ago makes room. */
const MAX_ANSWERS = 100_000;
/** An answer is confirmed every few seconds; so often is that worth a write. */
const CONFIRM_AFTER_MS = 300_000;
/** Calls are answered between so many answers that are written later. */
const CATCH_UP_AT_ONCE = 20;

export interface RememberingOptions {
  readonly archive: Archive;
  readonly outage: Outage;
  /** Milliseconds for which an answer is taken from memory without asking the archive; 0: others write to it as well. */
  readonly readAgainAfter: number;
  readonly now: Clock;
  /** How many answers are remembered. */
  readonly capacity?: number;
}

export interface RememberingStore extends LastGoodStore {
  /**
   * Writes what the archive has missed, as far as it answers again; to be called every second or so. Costs nothing while there is
   * nothing to write. One that has begun is joined. Never throws.
   */
  catchUp(): Promise<void>;
}

interface Entry extends Kept {
  readonly readAt: number;
  /** `confirmedAt` as the archive has it; undefined: the archive does not have this answer. */
  readonly archivedAt: number | undefined;
}

interface Memory {
  get(key: string): Entry | undefined;
  remember(key: string, kept: Kept, archivedAt: number | undefined): void;
  /** The same answer, confirmed again: it is not worth a write. */
  confirm(key: string, value: LastGood): void;
  /** What the archive said of a key, against what is known here. */
  take(key: string, stored: Kept | 'unreadable' | undefined): LastGood | 'unreadable' | undefined;
  /** What is known of a key that the archive has said nothing of. */
  recall(key: string): LastGood | 'unreadable' | undefined;
  /** Keys whose answer the archive does not have, the one that was tried longest ago first. */
  readonly unwritten: Set<string>;
  /** An answer had to make room before it was written. */
  lost(): boolean;
  /** The archive is another one: nothing is known to be in it. */
  startAnew(): void;
}

/** While the archive fails, answers are kept in memory; they are written when it answers again (`catchUp`). */
export function createRememberingStore(options: RememberingOptions): RememberingStore {
  const { archive, outage, readAgainAfter, now } = options;
  const memory = createMemory(options);
  function isJustRead({ readAt }: Entry): boolean {
    return isWithin(now(), readAt, readAgainAfter);
  }

  function noticeReplacement(): void {
    if (archive.record?.wasReplaced() !== true) return;
    memory.startAnew();
    if (memory.unwritten.size > 0) archive.record.lacks(true);
  }

  async function write(key: string, value: LastGood): Promise<LastGood | undefined> {
    const seen = memory.get(key)?.revision ?? 0;
    const written = await outage.attempt('write', () => archive.write(key, value, seen));
    if (written === undefined) {
      const revision = Math.max(seen, memory.get(key)?.revision ?? 0);
      memory.remember(key, { value, revision }, undefined);
      archive.record?.lacks(true);
      return undefined;
    }
    if (written.result.kind === 'written') {
      memory.remember(key, { value, revision: written.result.revision }, value.confirmedAt);
      return undefined;
    }
    const { by } = written.result;
    memory.remember(key, by, by.value.confirmedAt);
    return isDeepStrictEqual(by.value.set, value.set) ? undefined : by.value;
  }

  return {
    async get(key) {
      noticeReplacement();
      const known = memory.get(key);
      if (known !== undefined && isJustRead(known)) return known.value;
      const read = await outage.attempt('read', () => archive.read(key));
      return read === undefined ? memory.recall(key) : memory.take(key, read.result);
    },

    async set(key, value) {
      noticeReplacement();
      const known = memory.get(key);
      if (known === undefined || !isWritten(known, value) || outage.lasts('write')) return write(key, value);
      memory.confirm(key, value);
      return undefined;
    },

    wholeSince() {
      noticeReplacement();
      return archive.record?.wholeSince() ?? null;
    },

    catchUp: createCatchUp(options, memory, noticeReplacement),
  };
}

function createMemory(options: RememberingOptions): Memory {
  const { archive, outage, readAgainAfter, now, capacity = MAX_ANSWERS } = options;
  const unwritten = new Set<string>();
  let lost = false;
  const entries = new LRUCache<string, Entry>({
    maxSize: capacity,
    sizeCalculation: () => 1,
    dispose(_, key, reason) {
      if (reason === 'evict' && unwritten.delete(key)) lost = true;
    },
  });
  /**
   * Keys of which the archive has said that it has nothing: while it fails, that is known too. Only where nobody else writes to it:
   * what others may have written since is a doubt for ever.
   */
  const absent = new LRUCache<string, true>({ maxSize: capacity, sizeCalculation: () => 1 });
  const alone = readAgainAfter > 0;

  function remember(key: string, { value, revision }: Kept, archivedAt: number | undefined): void {
    if (archivedAt === undefined) unwritten.add(key);
    else unwritten.delete(key);
    absent.delete(key);
    entries.set(key, { value, revision, archivedAt, readAt: now() });
  }

  return {
    get: (key) => entries.get(key),
    remember,
    confirm(key, value) {
      const known = entries.get(key);
      if (known !== undefined) entries.set(key, { ...known, value });
    },
    take(key, stored) {
      if (stored === 'unreadable') outage.unreadable();
      const known = entries.get(key);
      if (typeof stored === 'object' && (known === undefined || isAhead(stored, known))) {
        remember(key, stored, stored.value.confirmedAt);
        return stored.value;
      }
      if (known === undefined) {
        if (stored !== undefined || archive.record?.mayLack() === true) return 'unreadable';
        if (alone) absent.set(key, true);
        return undefined;
      }
      const kept = typeof stored === 'object' ? stored : undefined;
      if (stored === undefined && known.archivedAt !== undefined) archive.record?.doubt();
      const same = kept !== undefined && isDeepStrictEqual(kept.value.set, known.value.set);
      remember(key, atLeast(known, kept), same ? kept.value.confirmedAt : undefined);
      return known.value;
    },
    recall: (key) => entries.get(key)?.value ?? (absent.has(key) ? undefined : 'unreadable'),
    unwritten,
    lost: () => lost,
    startAnew() {
      absent.clear();
      // All of them first: setting one moves it.
      const all = Array.from(entries.entries());
      for (const [key, { value, revision, readAt }] of all) {
        entries.set(key, { value, revision, readAt, archivedAt: undefined });
        unwritten.add(key);
      }
    },
  };
}

function createCatchUp(
  { archive, outage }: RememberingOptions,
  memory: Memory,
  noticeReplacement: () => void,
): RememberingStore['catchUp'] {
  const { unwritten } = memory;
  let running: Promise<void> | undefined;

  /** @returns whether to go on with others */
  async function writeAgain(key: string): Promise<boolean> {
    const read = await outage.attempt('read', () => archive.read(key));
    if (read !== undefined) memory.take(key, read.result);
    const known = memory.get(key);
    if (read === undefined || known === undefined) return false;
    if (known.archivedAt !== undefined) return true;
    const write = await outage.attempt('write', () => archive.write(key, known.value, known.revision));
    if (write === undefined) return false;
    if (write.result.kind === 'overtaken') memory.take(key, write.result.by);
    // A call may have set something else meanwhile: that one has been written, or will be.
    else if (memory.get(key) === known) {
      memory.remember(key, { value: known.value, revision: write.result.revision }, known.value.confirmedAt);
    }
    return true;
  }

  async function writeAll(): Promise<void> {
    for (const [i, key] of [...unwritten].entries()) {
      if (i % CATCH_UP_AT_ONCE === CATCH_UP_AT_ONCE - 1) await nextTick();
      if (!unwritten.has(key)) continue;
      if (await writeAgain(key)) continue;
      // One that cannot be written must not keep the others from it.
      if (unwritten.delete(key)) unwritten.add(key);
      return;
    }
  }

  async function catchUp(): Promise<void> {
    await writeAll();
    if (unwritten.size === 0 && !memory.lost()) archive.record?.lacks(false);
  }

  return () => {
    noticeReplacement();
    running ??= catchUp().finally(() => {
      running = undefined;
    });
    return running;
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
