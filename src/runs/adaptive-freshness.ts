/** Widens the freshness window as a quota runs out: a slightly older listing beats none at all. */
import type { Clock } from '../clock.ts';

export interface AdaptiveFreshness {
  /**
   * Takes the number of calls that the credential has left, of how many in a window.
   * @param resetsAt when the window ends and the quota is renewed, milliseconds since the epoch
   */
  observe(remaining: number, limit: number, resetsAt: number): void;
  /** Milliseconds for which a listing is fresh now. */
  freshFor(): number;
  /**
   * Whether no more calls are left than listings need until the window ends, with a margin: then they are reserved.
   * @param repositories number that is listed with the credential
   */
  isLow(repositories: number): boolean;
  /**
   * Counts a call that is not a listing as used until it has ended: of thousands at once, none has yet returned how many are left.
   * @returns called once, when the call has ended
   */
  began(): () => void;
  /** Upstream refuses calls for this many milliseconds: a listing that cannot be renewed does not stay fresh for longer. */
  refused(forMs: number): void;
}

/** The window widens when less than this share of the quota is left. */
const COMFORTABLE = 0.2;
/** Bounds of the share that is reserved for listings. */
const LEAST_KEPT = 0.05;
const MOST_KEPT = 0.5;
/** Milliseconds; GitHub's. Where upstream does not say when the window ends. */
const WINDOW = 3_600_000;
/** A listing has several pages at times. */
const CALLS_PER_LISTING = 2;

/**
 * @param freshFor milliseconds while the quota is comfortable
 * @param maxFreshFor milliseconds when it is used up; linear in between
 */
export function createAdaptiveFreshness(
  freshFor: number,
  maxFreshFor: number,
  now: Clock,
): AdaptiveFreshness {
  let left = 1;
  let remains = 0;
  let allowed = 0;
  let until = Infinity;
  let refusedUntil = -Infinity;
  let underWay = 0;
  return {
    observe(remaining, limit, resetsAt) {
      left = limit > 0 ? Math.max(0, remaining / limit) : 1;
      remains = remaining;
      allowed = limit;
      until = resetsAt;
    },
    isLow(repositories) {
      if (allowed <= 0 || now() >= until) return false;
      const listings = (repositories * Math.min(until - now(), WINDOW)) / maxFreshFor;
      const kept = (CALLS_PER_LISTING * listings) / allowed;
      return (remains - underWay) / allowed <= Math.min(MOST_KEPT, Math.max(LEAST_KEPT, kept));
    },
    began() {
      underWay += 1;
      return () => {
        underWay -= 1;
      };
    },
    refused(forMs) {
      refusedUntil = now() + forMs;
    },
    freshFor() {
      if (now() < refusedUntil) return freshFor;
      // A replica that others serve may not call CI for hours: what it knows of the quota ends with the window.
      const share = now() < until ? left : 1;
      const shortage = Math.max(0, 1 - share / COMFORTABLE);
      return freshFor + (maxFreshFor - freshFor) * shortage;
    },
  };
}

/** Registers a gauge that reads the current freshness window, which widens as the quota runs out. */
export interface FreshnessObserver {
  /**
   * @param connection name of the CI connection in the configuration
   * @param read returns milliseconds
   */
  freshFor(connection: string, read: () => number): void;
}
