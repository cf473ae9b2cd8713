/** Leaves a store alone after it has failed, for longer and longer: a fault of the store is never a fault of an answer. */
import { isWithin, type Clock } from '../clock.ts';
import type { StoreObserver } from './archive.ts';

const SHORTEST_MS = 1_000;
const LONGEST_MS = 30_000;
/** Stable, and without the key: a branch's name is not for everybody who reads logs. */
const UNREADABLE =
  'the store has something in place of an answer that cannot be read: nobody can tell what was handed out; the next good answer overwrites it';

export interface OutageOptions {
  readonly now: Clock;
  readonly observer: StoreObserver;
  /** Told once when the store stops to answer, and once when it answers again. */
  readonly warn: (message: string) => void;
  /** Milliseconds that the store is left alone at most. */
  readonly longestMs?: number;
}

/** A full disk, say, can be read and not written. */
type CallKind = 'read' | 'write';

export interface Outage {
  /**
   * Calls the store, unless a call of this kind has just failed. Never throws.
   * @returns the result in an object; undefined: it failed, or was left alone
   */
  attempt<T>(kind: CallKind, call: () => Promise<T>): Promise<{ readonly result: T } | undefined>;
  /** Whether the last call of this kind failed: only another one can tell that it is over. */
  lasts(kind: CallKind): boolean;
  /** One key's answer was broken: counted, and told once. No outage: the other keys are well. */
  unreadable(): void;
  /** The next call is made, however short ago one failed. */
  retryNow(): void;
}

export function createOutage({ now, observer, warn, longestMs = LONGEST_MS }: OutageOptions): Outage {
  const pauses = new Map<CallKind, { readonly since: number; readonly lengthMs: number }>();
  let toldUnreadable = false;

  function isPaused(kind: CallKind): boolean {
    const pause = pauses.get(kind);
    return pause !== undefined && isWithin(now(), pause.since, pause.lengthMs);
  }

  function failed(kind: CallKind, error: unknown): void {
    observer.storeFailed();
    observer.storeUp(false);
    if (pauses.size === 0) {
      const reason = error instanceof Error ? error.message : String(error);
      warn(`the store failed (${reason}): what is handed out is remembered in memory until it answers again`);
    }
    // Calls side by side fail side by side: that is one failure.
    if (isPaused(kind)) return;
    const lengthMs = Math.min((pauses.get(kind)?.lengthMs ?? SHORTEST_MS / 2) * 2, longestMs);
    pauses.set(kind, { since: now(), lengthMs });
  }

  function succeeded(kind: CallKind): void {
    if (!pauses.delete(kind) || pauses.size > 0) return;
    observer.storeUp(true);
    warn('the store answers again');
  }

  return {
    lasts: (kind) => pauses.has(kind),
    unreadable() {
      observer.storeFailed();
      if (!toldUnreadable) warn(UNREADABLE);
      toldUnreadable = true;
    },
    retryNow() {
      for (const [kind, { since }] of pauses) pauses.set(kind, { since, lengthMs: 0 });
    },
    async attempt(kind, call) {
      if (isPaused(kind)) return undefined;
      try {
        const result = await call();
        succeeded(kind);
        return { result };
      } catch (error) {
        failed(kind, error);
        return undefined;
      }
    },
  };
}
