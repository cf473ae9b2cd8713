/**
 * The runs of one Git repository, for all its branches and projects (design §5): one conditional listing is shared by every
 * caller, a branch that it does not show is looked up once by itself, and what was learnt is kept.
 */
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { BranchRuns, Doubt, PullRequestHead, RunSource, UnreadRun } from '../resolve/ports.ts';
import type { Run } from '../resolve/types.ts';
import { createAllowance } from './allowance.ts';
import { CiBreaker } from '../ci/ci-breaker.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import type { Sighting } from './branch-table.ts';
import { createFollower } from './running-runs.ts';
import { SingleFlight } from '../resilience/single-flight.ts';
import { createKnownRuns, type KnownBranch } from './known-runs.ts';
import { createListingReader, lengthOf } from './listing.ts';
import { createReadAhead } from './backfill.ts';
import { createReservingProvider, type Quota } from '../ci/reserving-provider.ts';
import { reachOfDoubt } from './unread-runs.ts';
import { isWithin, type Clock } from '../clock.ts';
import type { CiProvider, RunPage } from '../ci/provider.ts';

const MAX_PULL_REQUESTS = 20_000;
/** Pages of the listing that are read when nothing is known yet, so that each branch need not be looked up by itself. */
const MAX_FIRST_PAGES = 20;
/** Milliseconds for which an empty listing is not believed, when runs were there before (argoproj/argo-cd#11464). */
const DOUBT_EMPTY_FOR = 600_000;
/**
 * Branches that CI has no run of are looked up so many times at once, and then by and by: whoever asks with invented names must not
 * use up what others need. A repository with so many pull requests without any run is read in one go.
 */
const MOST_UNKNOWN = 1000;
const MS_PER_UNKNOWN = 500;
/** So many branches are looked up once more, beside their answers, for each listing that may be made. */
const MOST_REPEATED = 5;
/** Listings that are tried for one that is new enough: the first may have been under way, or another replica's. */
const MAX_LISTINGS = 3;

export interface RunIndexOptions {
  readonly provider: CiProvider;
  readonly gitRepository: string;
  /** Milliseconds for which a listing is good enough now. */
  readonly freshFor: () => number;
  readonly now: Clock;
  /** Told which branches the listing has shown something new of. */
  readonly onChanged?: (branches: ReadonlySet<string>) => void;
  /** Left out: there is none to speak of. */
  readonly quota?: Quota;
  /** How many pages the first listing reads at most; further ones are read one fewer at a time. */
  readonly firstPages?: number;
}

const NO_QUOTA: Quota = { isLow: () => false, began: () => () => undefined, refused: () => undefined };

export interface RunIndex extends RunSource {
  /** What is known already: nobody is asked. Undefined: nothing. */
  peekBranch(branch: string): KnownBranch | undefined;
  /** Branches that the listing has shown, the one with the newest run first. */
  listedBranches(): string[];
}

export function createRunIndex(options: RunIndexOptions): RunIndex {
  const { gitRepository, freshFor, now, onChanged, firstPages = MAX_FIRST_PAGES, quota = NO_QUOTA } = options;
  const provider = createReservingProvider(options.provider, quota);
  const known = createKnownRuns();
  const reader = createListingReader(provider, gitRepository);
  const follower = createFollower({
    provider,
    gitRepository,
    known,
    sight,
    ahead: () => ahead,
    freshFor,
    now,
  });
  const mayRead = () => !quota.isLow();
  const older = createReadAhead({ reader, known, sight, firstPages, mayRead, tellChanged });
  const pullRequests = createBoundedCache<PullRequestHead>(MAX_PULL_REQUESTS);
  const { generation } = provider;
  const listingBackoff = new CiBreaker({ now, generation });
  const lookUpBackoff = new CiBreaker({ now, generation });
  const pullRequestBackoff = new CiBreaker({ now, generation });
  const unknown = createAllowance({ most: MOST_UNKNOWN, each: () => MS_PER_UNKNOWN, now });
  const repeated = createAllowance({ most: MOST_REPEATED, each: () => freshFor() / MOST_REPEATED, now });
  const flights = new SingleFlight();
  let validator: string | undefined;
  let listedAt: number | undefined;
  let emptySince: number | undefined;
  /** How far our clock is ahead of CI's, milliseconds, as the last answer that told it had it. */
  let ahead = 0;

  /**
   * Called when a call begins.
   * @returns called when its answer is there; what another replica was told is as new as the listing at least
   */
  function sight(): (asOf?: number) => Sighting {
    const askedAt = Math.min(now(), listedAt ?? Infinity);
    return (asOf = askedAt) => ({ askedAt: asOf, seenAt: now(), ahead });
  }

  async function refresh(): Promise<void> {
    const startedAt = now();
    const first = await provider.fetchRuns(gitRepository, 1, validator);
    const askedAt = first === 'unchanged' ? startedAt : (first.asOf ?? startedAt);
    if (first === 'unchanged' || (validator !== undefined && first.validator === validator)) {
      known.confirmFirstPage(askedAt);
    } else {
      await takeListing(first, askedAt);
    }
    listedAt = askedAt;
  }

  async function takeListing(first: RunPage, askedAt: number): Promise<void> {
    doubtEmptiness(first);
    if (first.clock !== undefined) ahead = (first.asOf ?? now()) - first.clock;
    const listing = await reader.readBackTo(first, (oldest) => known.meets(oldest));
    const sighting = { askedAt: Math.min(askedAt, listing.asOf ?? Infinity), seenAt: now(), ahead };
    tellChanged(known.takeListing(first, listing, sighting));
    validator = first.validator;
    older.listed(first);
  }

  function doubtEmptiness(first: RunPage): void {
    if (lengthOf(first) > 0 || known.isEmpty()) {
      emptySince = undefined;
      return;
    }
    emptySince ??= now();
    if (now() - emptySince >= DOUBT_EMPTY_FOR) return;
    const message = `${provider.host} lists no workflow runs of ${gitRepository}, although there were some before`;
    throw new UpstreamError({ kind: 'malformed', host: provider.host, message });
  }

  function tellChanged(branches: ReadonlySet<string>): void {
    if (branches.size > 0) onChanged?.(branches);
  }

  async function ensureListed(): Promise<void> {
    if (listedAt !== undefined && isWithin(now(), listedAt, freshFor())) return;
    await list();
  }

  const list = (): Promise<void> => flights.do('listing', () => listingBackoff.run('listing', refresh));

  async function confirmListing(since: number): Promise<void> {
    for (let tries = 0; tries <= MAX_LISTINGS; tries++) {
      if (listedAt !== undefined && listedAt >= since && listedAt <= now()) return;
      if (tries < MAX_LISTINGS) await list();
    }
    const message = `${provider.host} does not tell how the runs of ${gitRepository} are now`;
    throw new UpstreamError({ kind: 'unavailable', host: provider.host, message });
  }

  async function lookUp(branch: string): Promise<void> {
    await flights.do(`branch ${branch}`, async () => {
      if (known.branch(branch) === undefined) await lookUpUnknown(branch);
      else await readOn(branch);
    });
  }

  /** Counted from its beginning: of thousands that are asked for at once none has ended when the next one begins. */
  async function lookUpUnknown(branch: string): Promise<void> {
    if (unknown.isUsedUp()) throw tooManyUnknown(provider.host);
    unknown.use();
    let hasNone = false;
    try {
      hasNone = !(await readOn(branch));
    } finally {
      if (!hasNone) unknown.giveBack();
    }
  }

  /** Reads the next page of the branch's own list. @returns whether it shows anything */
  async function readOn(branch: string): Promise<boolean> {
    return lookUpBackoff.run(branch, async () => {
      const reading = known.nextLookUp(branch);
      if (reading === undefined) throw tooManyRuns(provider.host, gitRepository);
      const sighting = sight();
      const pages = await reader.readBranch(branch, reading);
      for (const one of pages) {
        known.takeBranchPage(branch, one, sighting(one.asOf), pages.length > 1 && one === pages[0]);
      }
      const found = pages.some((page) => lengthOf(page) > 0);
      if (found) older.lookedUp();
      return found;
    });
  }

  async function reachFurther(branch: string): Promise<void> {
    const before = known.branch(branch)?.since;
    await older.settled();
    if (known.branch(branch)?.since === before) await lookUp(branch);
  }

  /** Kept before the joint call ends: whoever comes then must find it. */
  async function askPullRequest(pullRequest: string): Promise<PullRequestHead> {
    const head = await pullRequestBackoff.run(pullRequest, () =>
      provider.fetchPullRequest(gitRepository, pullRequest),
    );
    pullRequests.set(pullRequest, head);
    return head;
  }

  /** Beside the answer, which need not wait for it. */
  function lookUpAgainIfDue(branch: string): void {
    if (!known.isLookUpDue(branch, now()) || quota.isLow() || repeated.isUsedUp()) return;
    repeated.use();
    void flights.do(`branch ${branch} again`, async () => {
      const sighting = sight();
      try {
        const page = await lookUpBackoff.run(branch, () =>
          provider.fetchBranchRuns(gitRepository, branch, 1),
        );
        known.takeLookUpAgain(branch, page, sighting(page.asOf));
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
      }
    });
  }

  function tell(branch: string, doubt?: Doubt): BranchRuns | undefined {
    const found = known.branch(branch);
    if (found === undefined) return undefined;
    const doubts = known.unread(branch).map((unread) => doubtOf(unread, found.runs, provider.host));
    const [newest] = [...doubts, ...(doubt ? [doubt] : [])].toSorted((a, b) => b.createdAt - a.createdAt);
    return { kind: 'known', ...found, asOf: listedAt ?? now(), doubt: newest };
  }

  return {
    readBranch: (branch) =>
      caught(async () => {
        await ensureListed();
        if (known.branch(branch) === undefined) await reachFurther(branch);
        lookUpAgainIfDue(branch);
        return tell(branch, await follower.follow(branch));
      }),
    readFurther: (branch) =>
      caught(async () => {
        await reachFurther(branch);
        return tell(branch, await follower.follow(branch));
      }),
    readPullRequest: (number) =>
      caught(
        async () =>
          pullRequests.get(number) ?? flights.do(`pull request ${number}`, () => askPullRequest(number)),
      ),
    confirm: (runs, since) =>
      caught(async () => {
        // Nothing can be known as it will be.
        const moment = Math.min(since, now());
        await confirmListing(moment);
        const failure = await follower.confirm(runs, moment);
        return failure === undefined ? { kind: 'confirmed' as const } : { kind: 'failed' as const, failure };
      }),
    branchNames: () => known.branchNames(),
    peekRuns: (branch) => known.peekRuns(branch),
    peekCommit: (prefix) => known.peekCommit(prefix),
    peekNumber: (number) => known.peekNumber(number),
    peekUnread: () => known.peekUnread(),
    peekBranch: (branch) => known.branch(branch),
    listedBranches: () => known.listedBranches(),
  };
}

/** @param runs that are known of the branch */
function doubtOf(unread: UnreadRun, runs: readonly Run[], host: string): Doubt {
  const message = `${host} lists a workflow run with ${unread.problem} that cannot be read`;
  return { failure: { kind: 'malformed', host, message }, createdAt: reachOfDoubt(unread, runs) };
}

function tooManyUnknown(host: string): UpstreamError {
  const message = `${host} was asked for very many branches that it has no workflow runs of; further ones are looked up later`;
  return new UpstreamError({ kind: 'rate_limited', host, message });
}

function tooManyRuns(host: string, gitRepository: string): UpstreamError {
  const message = `a branch of ${gitRepository} has more workflow runs without a green build than can be read from ${host}`;
  return new UpstreamError({ kind: 'unavailable', host, message });
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
