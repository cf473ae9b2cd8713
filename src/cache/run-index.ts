/**
 * The runs of one Git repository, for all its branches and projects (design §5): one conditional listing is shared by every
 * caller, a branch that it does not show is looked up once by itself, and what was learnt is kept.
 */
import { LRUCache } from 'lru-cache';
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type {
  BranchRuns,
  CiProvider,
  Clock,
  Doubt,
  PullRequestHead,
  RunPage,
  RunSource,
} from '../resolve/ports.ts';
import { createBackoff } from './backoff.ts';
import { bounded } from './bounded.ts';
import type { Sighting } from './branch-table.ts';
import { createFollower } from './follower.ts';
import { createJoiner } from './joiner.ts';
import { createKnownRuns, type KnownBranch } from './known-runs.ts';
import { createListingReader } from './listing-reader.ts';
import { createReadAhead } from './read-ahead.ts';

const MAX_PULL_REQUESTS = 20_000;
/** Pages of the listing that are read when nothing is known yet, so that each branch need not be looked up by itself. */
const MAX_FIRST_PAGES = 20;
/** Milliseconds for which an empty listing is not believed, when runs were there before (argoproj/argo-cd#11464). */
const DOUBT_EMPTY_FOR = 600_000;
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
  /** How many pages the first listing reads at most; further ones are read one fewer at a time. */
  readonly firstPages?: number;
}

export interface RunIndex extends RunSource {
  /** What is known already: nobody is asked. Undefined: nothing. */
  peekBranch(branch: string): KnownBranch | undefined;
  /** Branches that the listing has shown, the one with the newest run first. */
  listedBranches(): string[];
}

export function createRunIndex(options: RunIndexOptions): RunIndex {
  const { provider, gitRepository, freshFor, now, onChanged, firstPages = MAX_FIRST_PAGES } = options;
  const known = createKnownRuns();
  const reader = createListingReader(provider, gitRepository);
  const follower = createFollower({ provider, gitRepository, known, sight, freshFor, now });
  const ahead = createReadAhead({ reader, known, sight, firstPages, tellChanged });
  const pullRequests = new LRUCache<string, PullRequestHead>(bounded(MAX_PULL_REQUESTS));
  const listingBackoff = createBackoff({ now });
  const lookUpBackoff = createBackoff({ now });
  const pullRequestBackoff = createBackoff({ now });
  const join = createJoiner();
  let validator: string | undefined;
  let listedAt: number | undefined;
  let emptySince: number | undefined;

  /**
   * Called when a call begins.
   * @returns called when its answer is there; what another replica was told is as new as the listing at least
   */
  function sight(): (asOf?: number) => Sighting {
    const askedAt = Math.min(now(), listedAt ?? Infinity);
    return (asOf = askedAt) => ({ askedAt: asOf, seenAt: now(), ahead: 0 });
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
    const listing = await reader.readBackTo(first, (oldest) => known.meets(oldest));
    const sighting = { askedAt: Math.min(askedAt, listing.asOf ?? Infinity), seenAt: now(), ahead: 0 };
    tellChanged(known.takeListing(first.runs, listing, sighting));
    validator = first.validator;
    ahead.listed(first);
  }

  function doubtEmptiness({ runs }: RunPage): void {
    if (runs.length > 0 || known.isEmpty()) {
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
    const age = listedAt === undefined ? Infinity : now() - listedAt;
    // A negative age: the clock was set back.
    if (age >= 0 && age < freshFor()) return;
    await list();
  }

  const list = (): Promise<void> => join('listing', () => listingBackoff.run('listing', refresh));

  async function confirmListing(since: number): Promise<void> {
    for (let tries = 0; tries <= MAX_LISTINGS; tries++) {
      if (listedAt !== undefined && listedAt >= since && listedAt <= now()) return;
      if (tries < MAX_LISTINGS) await list();
    }
    const message = `${provider.host} does not tell how the runs of ${gitRepository} are now`;
    throw new UpstreamError({ kind: 'unavailable', host: provider.host, message });
  }

  async function lookUp(branch: string): Promise<void> {
    await join(`branch ${branch}`, () =>
      lookUpBackoff.run(branch, async () => {
        const { page, total } = known.nextLookUp(branch);
        const sighting = sight();
        const pages = await reader.readBranch(branch, page, total);
        for (const one of pages) {
          known.takeBranchPage(branch, one, sighting(one.asOf), pages.length > 1 && one === pages[0]);
        }
        if (pages.some(({ runs }) => runs.length > 0)) ahead.lookedUp();
      }),
    );
  }

  async function reachFurther(branch: string): Promise<void> {
    const before = known.branch(branch)?.since;
    await ahead.settled();
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
    if (!known.isLookUpDue(branch, now())) return;
    void join(`branch ${branch} again`, async () => {
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
    return found && { kind: 'known', ...found, asOf: listedAt ?? now(), doubt };
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
        async () => pullRequests.get(number) ?? join(`pull request ${number}`, () => askPullRequest(number)),
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
    peekBranch: (branch) => known.branch(branch),
    listedBranches: () => known.listedBranches(),
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
