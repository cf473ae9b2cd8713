/** Asks by id for runs that have left the listing's first page, which will not tell how they go on (design §5). */
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { Doubt } from '../resolve/ports.ts';
import type { Run } from '../resolve/types.ts';
import { CiBreaker } from '../ci/ci-breaker.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { SingleFlight } from '../resilience/single-flight.ts';
import type { Sighting } from './branch-table.ts';
import type { KnownRuns } from './known-runs.ts';
import type { Clock } from '../clock.ts';
import type { CiProvider } from '../ci/provider.ts';

/** Runs of one branch that are followed at one time. */
const MAX_AT_ONCE = 10;
/** A run that has been going for long is asked for less and less often: one stuck for a week must not eat a quota. */
const AGE_DIVISOR = 20;
/** More than can be expected to wait for somebody's approval at one time: beyond, each would be asked for at each poll. */
const MAX_RUNS = 50_000;

export interface FollowerOptions {
  readonly provider: CiProvider;
  readonly gitRepository: string;
  /** What is learnt is written down there. */
  readonly known: KnownRuns;
  /** What is told of a run by a call that begins now. */
  readonly sight: () => () => Sighting;
  /** How far our clock is ahead of CI's, milliseconds; 0: it is not known. */
  readonly ahead: () => number;
  /** Milliseconds between two calls for one run, at least. */
  readonly freshFor: () => number;
  readonly now: Clock;
}

export interface Follower {
  /**
   * Asks for those of the branch's runs that are due: they were still going, or could not be read where they were listed.
   * @returns the newest one of which CI could not tell how it goes on; undefined: there is none
   */
  follow(branch: string): Promise<Doubt | undefined>;
  /**
   * Asks for those of the runs whose state was last told before `since`.
   * @returns the first failure that was met; undefined: each of those that are still known was told at `since` or later
   */
  confirm(runs: readonly Run[], since: number): Promise<UpstreamFailure | undefined>;
}

/** A run that is still going, or of which nothing could be read but its id. */
interface Followed {
  readonly id: string;
  readonly createdAt: number | null;
}

interface Attempt {
  /** Milliseconds since the epoch. */
  readonly first: number;
  readonly at: number;
  /** Undefined: CI has told. */
  readonly failure: UpstreamFailure | undefined;
}

export function createFollower(options: FollowerOptions): Follower {
  const { provider, gitRepository, known, sight, ahead, freshFor, now } = options;
  /** By the run's id. */
  const attempts = createBoundedCache<Attempt>(MAX_RUNS);
  const backoff = new CiBreaker({ now, generation: provider.generation });
  const flights = new SingleFlight();

  /** By our clock or CI's: the shorter of what they say. Where neither can be right, since it was first asked for. */
  function ageOf({ id, createdAt }: Followed): number {
    const ours = now() - (createdAt ?? Infinity);
    const ages = [ours, ours - ahead()].filter((age) => age >= 0);
    return ages.length > 0 ? Math.min(...ages) : now() - (attempts.peek(id)?.first ?? now());
  }

  function isDue(followed: Followed): boolean {
    const age = ageOf(followed);
    const before = attempts.get(followed.id);
    if (before === undefined) return age === 0 || age >= freshFor();
    const since = now() - before.at;
    // A negative time: the clock was set back.
    return since < 0 || since >= Math.max(freshFor(), age / AGE_DIVISOR);
  }

  async function ask(id: string, branch: string): Promise<void> {
    const sighting = sight();
    const first = attempts.peek(id)?.first ?? now();
    try {
      const current = await backoff.run(id, () => provider.fetchRun(gitRepository, id));
      attempts.set(id, { first, at: now(), failure: undefined });
      if (current === 'gone') known.remove(branch, id);
      else known.takeRun(current, sighting());
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      attempts.set(id, { first, at: now(), failure: error.failure });
    }
  }

  const askOnce = ({ id, branch }: Run): Promise<void> => flights.do(id, () => ask(id, branch));

  function isUnconfirmed(run: Run, since: number): boolean {
    const at = known.confirmedAt(run);
    // In the future: the clock was set back.
    return at !== undefined && (at < since || at > now());
  }

  return {
    async confirm(runs, since) {
      const unconfirmed = runs.filter((run) => isUnconfirmed(run, since));
      for (let next = 0; next < unconfirmed.length; next += MAX_AT_ONCE) {
        const some = unconfirmed.slice(next, next + MAX_AT_ONCE);
        await Promise.all(some.map(askOnce));
        // One that was joined may have begun too early.
        const late = some.filter((run) => isUnconfirmed(run, since));
        await Promise.all(late.map(askOnce));
        const left = some.find((run) => isUnconfirmed(run, since));
        if (left !== undefined) return attempts.peek(left.id)?.failure ?? unconfirmable(provider.host);
      }
      return undefined;
    },
    async follow(branch) {
      const followed: Followed[] = [...known.unlistedRunning(branch), ...known.unlistedUnread(branch)];
      const due = followed.filter(isDue).slice(0, MAX_AT_ONCE);
      await Promise.all(due.map(({ id }) => flights.do(id, () => ask(id, branch))));
      const doubts = known.unlistedRunning(branch).flatMap(({ id, createdAt }) => {
        const failure = attempts.peek(id)?.failure;
        return failure === undefined ? [] : [{ failure, createdAt }];
      });
      return doubts.toSorted((a, b) => b.createdAt - a.createdAt)[0];
    },
  };
}

function unconfirmable(host: string): UpstreamFailure {
  return { kind: 'unavailable', host, message: `${host} does not tell how a run is now` };
}
