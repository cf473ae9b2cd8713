/** Freshness stretches before a quota ends (design §5): a listing that is a little older beats none at all. */

export interface FreshnessStretch {
  /** Told how many calls the credential has left, of how many in a window. */
  observe(remaining: number, limit: number): void;
  /** Milliseconds for which a listing is good enough now. */
  freshFor(): number;
}

/** While more than this share of the quota is left, nothing is stretched. */
const COMFORTABLE = 0.2;

/**
 * @param freshFor milliseconds while the quota is comfortable
 * @param maxFreshFor milliseconds when it is used up; between the two it grows evenly
 */
export function createFreshnessStretch(freshFor: number, maxFreshFor: number): FreshnessStretch {
  let share = 1;
  return {
    observe(remaining, limit) {
      share = limit > 0 ? Math.max(0, remaining / limit) : 1;
    },
    freshFor() {
      const lacking = Math.max(0, 1 - share / COMFORTABLE);
      return freshFor + (maxFreshFor - freshFor) * lacking;
    },
  };
}
