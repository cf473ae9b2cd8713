/** Polls unfinished runs that have left the listing's first page, which would show how they end. */
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { UnresolvedRun } from '../resolve/ports.ts';
import type { Run } from '../resolve/types.ts';
import { CiBreaker } from '../ci/ci-breaker.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { SingleFlight } from '../resilience/single-flight.ts';
import type { IndexContext } from './index-context.ts';
import type { Listing } from './listing.ts';
import type { Unfinished } from './known-runs.ts';
import { keyOf, keyOfRun, type RunList } from './run-list.ts';

/** Runs of one branch that are polled at the same time. */
const MAX_AT_ONCE = 10;
/** The longer a run takes, the less often it is polled: a stuck one must not use up a quota. */
const AGE_DIVISOR = 20;
/** Upper bound on tracked runs. Evicted runs lose their back-off and are polled every time. */
const MAX_RUNS = 50_000;

interface Attempt {
  /** Milliseconds since the epoch. */
  readonly first: number;
  readonly at: number;
  /** Undefined if the call succeeded. */
  readonly failure: UpstreamFailure | undefined;
}

export class RunPoller {
  readonly #context: IndexContext;
  readonly #listing: Listing;
  /** By the run's id. */
  readonly #attempts = createBoundedCache<Attempt>(MAX_RUNS);
  readonly #breaker;
  readonly #flights = new SingleFlight();

  constructor(context: IndexContext, listing: Listing) {
    this.#context = context;
    this.#listing = listing;
    this.#breaker = new CiBreaker({ now: context.now, generation: context.provider.generation });
  }

  /**
   * Polls the list's unfinished and unparsable runs that are due.
   * @returns the newest run whose current state CI could not report, if any
   */
  async pollUnfinished(list: RunList): Promise<UnresolvedRun | undefined> {
    const { known } = this.#context;
    const unfinished: Unfinished[] = [...known.unlistedRunning(list), ...known.unlistedUnread(list)];
    // The newest decide first.
    const due = unfinished
      .filter((run) => this.#isDue(run))
      .toSorted((a, b) => (b.position ?? Number.MAX_VALUE) - (a.position ?? Number.MAX_VALUE))
      .slice(0, MAX_AT_ONCE);
    await Promise.all(due.map(({ id }) => this.#poll(id, keyOf(list))));
    const unresolved = known.unlistedRunning(list).flatMap(({ id, position }) => {
      const failure = this.#attempts.peek(id)?.failure;
      return failure === undefined ? [] : [{ failure, position }];
    });
    return unresolved.toSorted((a, b) => b.position - a.position)[0];
  }

  /**
   * Polls the runs whose state was last reported before `since`.
   * @returns the first failure; undefined once CI has reported every existing run as of `since` or later
   */
  async confirm(runs: readonly Run[], since: number): Promise<UpstreamFailure | undefined> {
    const unconfirmed = runs.filter((run) => this.#isUnconfirmed(run, since));
    for (let next = 0; next < unconfirmed.length; next += MAX_AT_ONCE) {
      const some = unconfirmed.slice(next, next + MAX_AT_ONCE);
      await Promise.all(some.map((run) => this.#poll(run.id, keyOfRun(run))));
      // A call that was already in flight may have begun too early.
      const late = some.filter((run) => this.#isUnconfirmed(run, since));
      await Promise.all(late.map((run) => this.#poll(run.id, keyOfRun(run))));
      const left = some.find((run) => this.#isUnconfirmed(run, since));
      if (left !== undefined) return this.#attempts.peek(left.id)?.failure ?? this.#unconfirmable();
    }
    return undefined;
  }

  /** Uses our clock or CI's, whichever makes the run younger; if neither is plausible, the first poll. */
  #ageOf({ id, createdAt }: Unfinished): number {
    const { now } = this.#context;
    const ours = createdAt === null ? -1 : now() - createdAt;
    const ages = [ours, ours - this.#listing.ahead].filter((age) => age >= 0);
    return createdAt !== null && ages.length > 0
      ? Math.min(...ages)
      : now() - (this.#attempts.peek(id)?.first ?? now());
  }

  #isDue(run: Unfinished): boolean {
    const { now, freshFor } = this.#context;
    const age = this.#ageOf(run);
    const before = this.#attempts.get(run.id);
    if (before === undefined) return age === 0 || age >= freshFor();
    const since = now() - before.at;
    // A negative time: the clock was set back.
    return since < 0 || since >= Math.max(freshFor(), age / AGE_DIVISOR);
  }

  #isUnconfirmed(run: Run, since: number): boolean {
    const { known, now } = this.#context;
    const at = known.standing(run)?.confirmedAt;
    // In the future: the clock was set back.
    return at !== undefined && (at < since || at > now());
  }

  #poll(id: string, key: string): Promise<void> {
    return this.#flights.do(id, async () => {
      const { provider, ciRepository, known, now } = this.#context;
      const sighting = this.#listing.sight();
      const first = this.#attempts.peek(id)?.first ?? now();
      try {
        const current = await this.#breaker.run(id, () => provider.fetchRun(ciRepository, id));
        this.#attempts.set(id, { first, at: now(), failure: undefined });
        if (current === 'gone') known.remove(key, id);
        else known.mergeRun(current, sighting());
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        this.#attempts.set(id, { first, at: now(), failure: error.failure });
      }
    });
  }

  #unconfirmable(): UpstreamFailure {
    const { host } = this.#context.provider;
    return { kind: 'unavailable', host, message: `${host} does not report the current state of a run` };
  }
}
