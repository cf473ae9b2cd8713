/** Freshness stretches before a quota ends (design §5): a listing that is a little older beats none at all. */
import type { Clock } from '../clock.ts';

export interface FreshnessStretch {
  /**
   * Told how many calls the credential has left, of how many in a window.
   * @param resetsAt when the window ends and all are there again, milliseconds since the epoch
   */
  observe(remaining: number, limit: number, resetsAt: number): void;
  /** Milliseconds for which a listing is good enough now. */
  freshFor(): number;
  /**
   * Whether no more calls are left than listings need until the window ends, with a margin: then they are kept for those.
   * @param repositories how many are listed with the credential
   */
  isLow(repositories: number): boolean;
  /**
   * A call begins that is no listing. Until it has ended it counts as one fewer that is left: of thousands at once, none has been
   * answered with how many are.
   * @returns to be called once, when it has ended
   */
  began(): () => void;
  /** Told that upstream refuses calls for so many milliseconds: a listing that cannot be renewed is not good for longer. */
  refused(forMs: number): void;
}

/** While more than this share of the quota is left, nothing is stretched. */
const COMFORTABLE = 0.2;
/** This share is kept for listings at least, and that at most: the rest is for whoever asks. */
const LEAST_KEPT = 0.05;
const MOST_KEPT = 0.5;
/** Where it is not said when the window ends: GitHub's last so long. */
const WINDOW = 3_600_000;
/** A listing has several pages now and then. */
const CALLS_PER_LISTING = 2;

/**
 * @param freshFor milliseconds while the quota is comfortable
 * @param maxFreshFor milliseconds when it is used up; between the two it grows evenly
 */
export function createFreshnessStretch(freshFor: number, maxFreshFor: number, now: Clock): FreshnessStretch {
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
      // A replica that is told by others what CI says may not ask it for hours: what it was told of the quota ends with the window.
      const share = now() < until ? left : 1;
      const lacking = Math.max(0, 1 - share / COMFORTABLE);
      return freshFor + (maxFreshFor - freshFor) * lacking;
    },
  };
}

/** Told once whom to ask how long an answer of CI is good enough, for metrics: it stretches as the quota comes to its end. */
export interface FreshnessObserver {
  /**
   * @param connection name of the CI connection in the configuration
   * @param read milliseconds, as they are now
   */
  freshFor(connection: string, read: () => number): void;
}
