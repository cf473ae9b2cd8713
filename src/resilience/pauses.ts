/** What has failed and is left alone for a while; then one caller tries it, before the others do. The state belongs to the instance. */
import { LRUCache } from 'lru-cache';
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { Clock } from '../clock.ts';

/** What came of going on: it works (again), nothing is known of it, or it is to be left alone (from now on, so long). */
export type Finding = 'works' | 'untold' | { readonly failure: UpstreamFailure; readonly ms: number };

/** The permission to go on; `leave` must be called, once. */
export interface Visit {
  /** How often in a row it has failed and been tried again. */
  readonly failures: number;
  leave(finding: Finding): void;
}

export interface Pauses {
  /**
   * Waits a moment for whoever tries the key first, since what works again answers at once.
   * @throws UpstreamError with the failure, while the key is left alone or still being tried
   */
  enter(key: string): Promise<Visit>;
}

interface Pause {
  readonly failure: UpstreamFailure;
  readonly since: number;
  readonly ms: number;
  readonly failures: number;
  /** Settled when whoever has gone to see is back; undefined: nobody has. */
  trial: PromiseWithResolvers<void> | undefined;
}

/** Milliseconds. */
const PATIENCE = 1000;

/** @param max keys that are kept; the one that was not asked for the longest is forgotten */
export function createPauses(deps: {
  readonly now: Clock;
  readonly delay: (ms: number) => Promise<void>;
  readonly max: number;
}): Pauses {
  const { now, delay, max } = deps;
  const pauses = new LRUCache<string, Pause>({ max });

  /** A clock that was set back ends the pause: better one request too many than none for hours. */
  function timeLeft({ since, ms }: Pause): number {
    const passed = now() - since;
    return passed < 0 ? 0 : Math.max(ms - passed, 0);
  }

  async function enter(key: string): Promise<Visit> {
    const pause = pauses.get(key);
    if (pause?.trial !== undefined && timeLeft(pause) === 0)
      await Promise.race([pause.trial.promise, delay(PATIENCE)]);
    return enterNow(key);
  }

  function enterNow(key: string): Visit {
    const pause = pauses.get(key);
    if (pause === undefined) return { failures: 0, leave: (finding) => settle(key, undefined, finding) };
    const left = timeLeft(pause);
    if (left > 0 || pause.trial !== undefined) throw new UpstreamError(withTime(pause.failure, left));
    pause.trial = Promise.withResolvers();
    return { failures: pause.failures, leave: (finding) => settle(key, pause, finding) };
  }

  /** Only who was sent to see ends a pause: what works for somebody else may have been asked before it broke. */
  function settle(key: string, tried: Pause | undefined, finding: Finding): void {
    const current = pauses.get(key);
    const trial = tried?.trial;
    if (tried !== undefined) tried.trial = undefined;
    // Whoever waits goes on after this function has run to its end.
    trial?.resolve();
    if (finding === 'untold') return;
    if (finding === 'works') {
      if (tried !== undefined && current === tried) pauses.delete(key);
      return;
    }
    const { failure, ms } = finding;
    const failures = tried === undefined ? (current?.failures ?? 1) : tried.failures + 1;
    if (current !== undefined && current !== tried && timeLeft(current) >= ms) return;
    pauses.set(key, { failure, ms, since: now(), failures, trial: undefined });
  }

  return { enter };
}

/** A failure that says how long to wait says how much of it is left. */
function withTime({ retryAfterMs, ...failure }: UpstreamFailure, left: number): UpstreamFailure {
  return retryAfterMs === undefined ? failure : { ...failure, retryAfterMs: Math.max(left, 1) };
}
