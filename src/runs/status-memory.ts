/**
 * Keeps the statuses of one repository's commits, and reads each again no more often than it is likely to have
 * changed: a green one every hour, another one the less often the longer it has been the same.
 */
import { CiBreaker } from '../ci/ci-breaker.ts';
import type { CommitStatus, CommitStatuses, StatusPage } from '../ci/commit-statuses.ts';
import { isWithin, type Clock } from '../clock.ts';
import { UpstreamError } from '../errors.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { SingleFlight } from '../resilience/single-flight.ts';
import { RecentKeys } from './recent-keys.ts';

export interface StatusMemoryOptions {
  readonly statuses: CommitStatuses;
  readonly gitRepository: string;
  /** Whether a project requires the context. Other statuses are not kept. */
  readonly isWanted: (context: string) => boolean;
  /** Milliseconds for which an answer is fresh now. */
  readonly freshFor: () => number;
  readonly isQuotaLow: () => boolean;
  readonly now: Clock;
  /** Changes with the credentials: a denied call may be allowed now. */
  readonly generation?: (() => number) | undefined;
}

/** Times are milliseconds since the epoch, our clock. */
export interface KnownStatuses {
  readonly statuses: readonly CommitStatus[];
  /** When the call that reported them began. */
  readonly askedAt: number;
  /** When its answer came. */
  readonly seenAt: number;
}

interface Kept extends KnownStatuses {
  readonly validator: string | undefined;
  /** When the commit was first read. */
  readonly firstAt: number;
  /** Number of calls in a row that reported the same. */
  readonly repeated: number;
}

const MAX_COMMITS = 20_000;
const HOUR = 3_600_000;
/** Green statuses are read again, since a context may turn red, and nothing is read less often. */
const KEPT_FOR = HOUR;
/** Green statuses are used while they are read again, but no longer than this. */
const USED_FOR = 2 * HOUR;
/** A conditional call is nearly free, so it may be as frequent as a share of the time since the first. */
const AGE_DIVISOR = 10;
/** Without conditional calls, the interval doubles. */
const MAX_DOUBLINGS = 10;
/**
 * Limits the calls for commits that are known, per `freshFor`: conditional ones, since hosts limit these, too
 * (GitHub: 900 a minute), and others, since each counts against a quota.
 */
const MOST_CONDITIONAL = 50;
const MOST_COUNTED = 5;
/** How long a commit that was asked about counts towards that. */
const ASKED_LATELY = 600_000;
/** While the rest of the quota is kept for listings. */
const LOW_QUOTA_INTERVAL = 300_000;
/** A call in flight, or another replica's answer, may be too old. */
const MAX_TRIES = 3;

export class StatusMemory {
  readonly #options: StatusMemoryOptions;
  readonly #commits = createBoundedCache<Kept>(MAX_COMMITS);
  readonly #flights = new SingleFlight();
  readonly #breaker: CiBreaker;
  /** Commits that are not green. */
  readonly #waiting = new RecentKeys(ASKED_LATELY, MAX_COMMITS);

  constructor(options: StatusMemoryOptions) {
    const { now, generation } = options;
    this.#options = options;
    this.#breaker = new CiBreaker({ now, generation });
  }

  get host(): string {
    return this.#options.statuses.host;
  }

  peek(commit: string): KnownStatuses | undefined {
    return this.#commits.peek(commit);
  }

  /**
   * @param since oldest acceptable answer, milliseconds since the epoch
   * @param isGreen whether the commit's statuses are those that the caller waits for
   * @throws UpstreamError
   */
  async read(
    commit: string,
    since: number,
    isGreen: (statuses: readonly CommitStatus[]) => boolean,
  ): Promise<KnownStatuses> {
    const kept = this.#commits.get(commit);
    if (kept === undefined || kept.askedAt < since) return this.#refresh(commit, since);
    const green = isGreen(kept.statuses);
    const interval = green ? KEPT_FOR : this.#intervalOf(commit, kept);
    if (isWithin(this.#options.now(), kept.askedAt, interval)) return kept;
    if (green && isWithin(this.#options.now(), kept.askedAt, USED_FOR)) {
      void this.#refresh(commit, since).catch(ignoreFailure);
      return kept;
    }
    return this.#refresh(commit, since);
  }

  /** @returns milliseconds until statuses that are not green are read again */
  #intervalOf(commit: string, { askedAt, firstAt, validator, repeated }: Kept): number {
    const { freshFor, isQuotaLow, now } = this.#options;
    const isConditional = validator !== undefined;
    const pause = isConditional
      ? Math.max(0, askedAt - firstAt) / AGE_DIVISOR
      : freshFor() * 2 ** Math.min(repeated, MAX_DOUBLINGS);
    const waiting = this.#waiting.note(commit, now());
    const share = (freshFor() * waiting) / (isConditional ? MOST_CONDITIONAL : MOST_COUNTED);
    const low = isQuotaLow() ? LOW_QUOTA_INTERVAL : 0;
    return Math.max(Math.min(pause, KEPT_FOR), freshFor(), share, low);
  }

  async #refresh(commit: string, since: number): Promise<KnownStatuses> {
    const oldest = Math.min(since, this.#options.now());
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const known = await this.#flights.do(commit, () =>
        this.#breaker.run(commit, () => this.#fetch(commit)),
      );
      if (known.askedAt >= oldest) return known;
    }
    const message = `${this.host} does not report the current statuses of ${this.#options.gitRepository}`;
    throw new UpstreamError({ kind: 'unavailable', host: this.host, message });
  }

  async #fetch(commit: string): Promise<KnownStatuses> {
    const { statuses: port, gitRepository, isWanted, now } = this.#options;
    const startedAt = now();
    const before = this.#commits.peek(commit);
    const answer = await port.fetchStatuses(gitRepository, commit, before?.validator);
    const page: StatusPage | undefined = answer === 'unchanged' ? before : answer;
    if (page === undefined) throw new RangeError('without a validator, no statuses are unchanged');
    const statuses = page.statuses.filter(({ context }) => isWanted(context));
    const isSame = before !== undefined && JSON.stringify(before.statuses) === JSON.stringify(statuses);
    const askedAt = page.asOf ?? startedAt;
    const kept: Kept = {
      statuses: isSame ? before.statuses : statuses,
      validator: page.validator,
      askedAt,
      seenAt: now(),
      firstAt: before === undefined || before.firstAt > now() ? askedAt : before.firstAt,
      repeated: isSame ? before.repeated + 1 : 0,
    };
    this.#commits.set(commit, kept);
    return kept;
  }
}

/** The next read tries again, and the breaker keeps it from doing so too often. */
function ignoreFailure(error: unknown): void {
  if (!(error instanceof UpstreamError)) throw error;
}
