/** Widens the freshness window as a quota runs out: a slightly older listing beats none at all. */
import type { Quota } from '../ci/reserving-provider.ts';
import type { Clock } from '../clock.ts';

/** The window widens when less than this share of the quota is left. */
const COMFORTABLE = 0.2;
/** Bounds on the share that is reserved for listings. */
const LEAST_RESERVED = 0.05;
const MOST_RESERVED = 0.5;
/** GitHub's window in milliseconds, used if upstream does not say when its own ends. */
const WINDOW = 3_600_000;
const HOUR = 3_600_000;
/** Of a known limit, the share that the listings of all repositories may use together. */
const LISTINGS_SHARE = 0.5;
/** A listing sometimes has several pages. */
const CALLS_PER_LISTING = 2;

export class AdaptiveFreshness implements Quota {
  /** Number of repositories that are listed with the credential. */
  repositories = 0;
  readonly #freshFor: number;
  readonly #maxFreshFor: number;
  readonly #now: Clock;
  readonly #callsPerHour: number;
  #remaining = 0;
  /** 0 if upstream reports no limit. */
  #limit = 0;
  #resetsAt = Infinity;
  #refusedUntil = -Infinity;
  #underWay = 0;

  /**
   * @param freshFor window in milliseconds while the quota is comfortable
   * @param maxFreshFor window in milliseconds when the quota is used up; linear in between
   * @param callsPerHour calls that one credential may make, if upstream's limit is so small that listings of
   *   many repositories would use it up
   */
  constructor(freshFor: number, maxFreshFor: number, now: Clock, callsPerHour = Infinity) {
    this.#freshFor = freshFor;
    this.#maxFreshFor = maxFreshFor;
    this.#now = now;
    this.#callsPerHour = callsPerHour;
  }

  /**
   * @param remaining calls that the credential has left
   * @param limit calls per window
   * @param resetsAt when the window ends and the quota is renewed, milliseconds since the epoch
   */
  observe(remaining: number, limit: number, resetsAt: number): void {
    this.#remaining = remaining;
    this.#limit = limit;
    this.#resetsAt = resetsAt;
  }

  /**
   * Milliseconds for which a listing is fresh now.
   * @param own the window of a project, in place of the connection's
   */
  freshFor(own: number = this.#freshForAll()): number {
    const now = this.#now();
    // A replica served by others may not call CI for hours, so its knowledge of the quota ends with the window.
    if (now < this.#refusedUntil || now >= this.#resetsAt || this.#limit <= 0) return own;
    const left = Math.max(0, this.#remaining / this.#limit);
    const shortage = Math.max(0, 1 - left / COMFORTABLE);
    return own + (this.#maxFreshFor - own) * shortage;
  }

  /** One call refreshes one repository. */
  #freshForAll(): number {
    const affordable = (this.repositories * HOUR) / (this.#callsPerHour * LISTINGS_SHARE);
    return Math.min(Math.max(this.#freshFor, affordable), this.#maxFreshFor);
  }

  /** Whether listings need all calls that are left until the window ends, with a margin. */
  isLow(): boolean {
    const rest = this.#resetsAt - this.#now();
    if (this.#limit <= 0 || rest <= 0) return false;
    const listings = (Math.max(1, this.repositories) * Math.min(rest, WINDOW)) / this.#maxFreshFor;
    const reserved = Math.min(MOST_RESERVED, (CALLS_PER_LISTING * listings) / this.#limit);
    return (this.#remaining - this.#underWay) / this.#limit <= Math.max(LEAST_RESERVED, reserved);
  }

  /** Counts the call as used until it ends, since concurrent calls have not reported how many are left. */
  began(): () => void {
    this.#underWay += 1;
    return () => void (this.#underWay -= 1);
  }

  /** Stops widening the window: a longer one cannot help while upstream refuses calls. */
  refused(forMs: number): void {
    this.#refusedUntil = this.#now() + forMs;
  }
}

/** Registers a gauge that reads the current freshness window, which widens as the quota runs out. */
export interface FreshnessObserver {
  /**
   * @param connection name of the CI connection in the configuration
   * @param read returns milliseconds
   */
  freshFor(connection: string, read: () => number): void;
}
