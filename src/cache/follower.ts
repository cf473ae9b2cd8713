/** Asks by id for runs that are still going and have left the listing's first page, which will not tell how they end (design §5). */
import { LRUCache } from 'lru-cache';
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { CiProvider, Clock, Doubt } from '../resolve/ports.ts';
import type { Run } from '../resolve/types.ts';
import { createBackoff } from './backoff.ts';
import { bounded } from './bounded.ts';
import { createJoiner } from './joiner.ts';
import type { KnownRuns } from './known-runs.ts';

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
  /** Milliseconds between two calls for one run, at least. */
  readonly freshFor: () => number;
  readonly now: Clock;
}

export interface Follower {
  /**
   * Asks for those of the branch's runs that are due.
   * @returns the newest one of which CI could not tell how it goes on; undefined: there is none
   */
  follow(branch: string): Promise<Doubt | undefined>;
}

interface Attempt {
  readonly at: number;
  /** Undefined: CI has told. */
  readonly failure: UpstreamFailure | undefined;
}

export function createFollower({ provider, gitRepository, known, freshFor, now }: FollowerOptions): Follower {
  /** By the run's id. */
  const attempts = new LRUCache<string, Attempt>(bounded(MAX_RUNS));
  const backoff = createBackoff({ now });
  const join = createJoiner();

  function isDue(run: Run): boolean {
    const at = now();
    const since = at - (attempts.get(run.id)?.at ?? run.createdAt);
    return since < 0 || since >= Math.max(freshFor(), (at - run.createdAt) / AGE_DIVISOR);
  }

  async function ask(run: Run): Promise<void> {
    try {
      const current = await backoff.run(run.id, () => provider.fetchRun(gitRepository, run.id));
      attempts.set(run.id, { at: now(), failure: undefined });
      if (current === 'gone') known.remove(run);
      else known.takeRun(current);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      attempts.set(run.id, { at: now(), failure: error.failure });
    }
  }

  return {
    async follow(branch) {
      const due = known.unlistedRunning(branch).filter(isDue).slice(0, MAX_AT_ONCE);
      await Promise.all(due.map((run) => join(run.id, () => ask(run))));
      const doubts = known.unlistedRunning(branch).flatMap(({ id, createdAt }) => {
        const failure = attempts.peek(id)?.failure;
        return failure === undefined ? [] : [{ failure, createdAt }];
      });
      return doubts.toSorted((a, b) => b.createdAt - a.createdAt)[0];
    },
  };
}
