/**
 * The runs of one Git repository, for all its branches and projects (design §5): one conditional listing is shared by every
 * caller, a branch that it does not show is looked up once by itself, and what was learnt is kept.
 */
import { LRUCache } from 'lru-cache';
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { BranchRuns, CiProvider, Clock, PullRequestHead, RunPage, RunSource } from '../resolve/ports.ts';
import type { Run } from '../resolve/types.ts';
import { createBackoff } from './backoff.ts';
import { createJoiner } from './joiner.ts';
import { createKnownRuns } from './known-runs.ts';

/** So far back a listing is read to meet what is known, before the gap is accepted and branches are looked up again. */
const MAX_LISTING_PAGES = 10;
/** GitHub's filtered lists end after 1,000 results. */
const MAX_BRANCH_PAGES = 10;
/** Runs followed by id in one refresh. */
const MAX_FOLLOWED = 10;
/** A run that has been going for long is asked for less and less often: one stuck for a week must not eat a quota. */
const FOLLOW_AGE_DIVISOR = 20;
const MAX_PULL_REQUESTS = 20_000;

export interface RunIndexOptions {
  readonly provider: CiProvider;
  readonly gitRepository: string;
  /** Milliseconds for which a listing is good enough now. */
  readonly freshFor: () => number;
  readonly now: Clock;
}

export function createRunIndex({ provider, gitRepository, freshFor, now }: RunIndexOptions): RunSource {
  const known = createKnownRuns();
  const pullRequests = new LRUCache<string, PullRequestHead>({ max: MAX_PULL_REQUESTS });
  const followedAt = new WeakMap<Run, number>();
  const listingBackoff = createBackoff({ now });
  /** What concerns one branch only (a malformed page, say) must not keep the others waiting. */
  const lookUpBackoff = createBackoff({
    now,
    kinds: ['timeout', 'unreachable', 'unavailable', 'rate_limited'],
  });
  const pullRequestBackoff = createBackoff({ now });
  const join = createJoiner();
  let validator: string | undefined;
  let listedAt: number | undefined;

  async function refresh(): Promise<void> {
    const startedAt = now();
    const first = await provider.fetchRuns(gitRepository, 1, validator);
    if (first !== 'unchanged') await takeListing(first);
    await Promise.all(dueRunning(startedAt).map(follow));
    listedAt = startedAt;
  }

  async function takeListing(first: RunPage): Promise<void> {
    const all = [...first.runs];
    let { more } = first;
    for (let page = 2; more && page <= MAX_LISTING_PAGES && !known.meets(oldestOf(all)); page++) {
      const next = await provider.fetchRuns(gitRepository, page);
      if (next === 'unchanged') break;
      all.push(...next.runs);
      ({ more } = next);
    }
    known.takeListing(first.runs, all, !more);
    validator = first.validator;
  }

  function dueRunning(at: number): Run[] {
    const isDue = (run: Run): boolean =>
      at - (followedAt.get(run) ?? run.createdAt) >=
      Math.max(freshFor(), (at - run.createdAt) / FOLLOW_AGE_DIVISOR);
    return known.unlistedRunning().filter(isDue).slice(0, MAX_FOLLOWED);
  }

  async function follow(run: Run): Promise<void> {
    const current = await provider.fetchRun(gitRepository, run.id);
    if (current === 'gone') return known.remove(run);
    followedAt.set(current, now());
    known.takeRun(current);
  }

  async function ensureListed(): Promise<void> {
    if (listedAt !== undefined && now() - listedAt < freshFor()) return;
    await join('listing', () => listingBackoff.run(refresh));
  }

  async function lookUp(branch: string): Promise<void> {
    await join(`branch ${branch}`, () =>
      lookUpBackoff.run(async () => {
        const page = known.nextPage(branch);
        const { runs, more } = await provider.fetchBranchRuns(gitRepository, branch, page);
        known.takeBranchPage(branch, runs, more && page < MAX_BRANCH_PAGES);
      }),
    );
  }

  function tell(branch: string): BranchRuns | undefined {
    const found = known.branch(branch);
    return found && { kind: 'known', ...found, asOf: listedAt ?? now() };
  }

  return {
    readBranch: (branch) =>
      caught(async () => {
        await ensureListed();
        if (known.branch(branch) === undefined) await lookUp(branch);
        return tell(branch);
      }),
    readFurther: (branch) =>
      caught(async () => {
        await lookUp(branch);
        return tell(branch);
      }),
    readPullRequest: (number) =>
      caught(async () => {
        const head =
          pullRequests.get(number) ??
          (await join(`pull request ${number}`, () =>
            pullRequestBackoff.run(() => provider.fetchPullRequest(gitRepository, number)),
          ));
        pullRequests.set(number, head);
        return head;
      }),
  };
}

/** Turns the failure of an upstream call into a value; anything else is a defect and is thrown on. */
async function caught<T>(
  call: () => Promise<T | undefined>,
): Promise<T | { kind: 'failed'; failure: UpstreamFailure }> {
  try {
    const result = await call();
    if (result !== undefined) return result;
    throw new RangeError('a branch that was looked up is known');
  } catch (error) {
    if (error instanceof UpstreamError) return { kind: 'failed', failure: error.failure };
    throw error;
  }
}

function oldestOf(runs: readonly Run[]): number {
  return runs.reduce((oldest, run) => Math.min(oldest, run.createdAt), Infinity);
}
