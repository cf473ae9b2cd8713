/** Freshness stretches before a quota ends (design §5): a listing that is a little older beats none at all. */
import type { Clock } from '../resolve/ports.ts';

export interface FreshnessStretch {
  /**
   * Told how many calls the credential has left, of how many in a window.
   * @param resetsAt when the window ends and all are there again, milliseconds since the epoch
   */
  observe(remaining: number, limit: number, resetsAt: number): void;
  /** Milliseconds for which a listing is good enough now. */
  freshFor(): number;
}

/** While more than this share of the quota is left, nothing is stretched. */
const COMFORTABLE = 0.2;

/**
 * @param freshFor milliseconds while the quota is comfortable
 * @param maxFreshFor milliseconds when it is used up; between the two it grows evenly
 */
export function createFreshnessStretch(freshFor: number, maxFreshFor: number, now: Clock): FreshnessStretch {
  let left = 1;
  let until = Infinity;
  return {
    observe(remaining, limit, resetsAt) {
      left = limit > 0 ? Math.max(0, remaining / limit) : 1;
      until = resetsAt;
    },
    freshFor() {
      // A replica that is told by others what CI says may not ask it for hours: what it was told of the quota ends with the window.
      const share = now() < until ? left : 1;
      const lacking = Math.max(0, 1 - share / COMFORTABLE);
      return freshFor + (maxFreshFor - freshFor) * lacking;
    },
  };
}
