/**
 * Indexes the runs of one Git repository for all its branches and projects. One conditional listing serves
 * every caller, branches that it does not cover are looked up, and the results are kept
 * (docs/development/run-index.md).
 */
import type { UpstreamFailure } from '../errors.ts';
import { intersectCoverage, isSameCoverage, NO_COVERAGE, type Coverage } from '../resolve/coverage.ts';
import type {
  BranchRuns,
  Failed,
  UnresolvedRun,
  RunSource,
  RunStanding,
  RunSubject,
  UnreadRun,
} from '../resolve/ports.ts';
import type { Run } from '../resolve/types.ts';
import { Backfill } from './backfill.ts';
import type { IndexContext } from './index-context.ts';
import { KnownRuns, type KnownBranch } from './known-runs.ts';
import { Listing } from './listing.ts';
import { ListingReader } from './listing-reader.ts';
import { LookUps } from './look-ups.ts';
import { describeUnlisted, listUnfinished, readsQueue, selectQueueRuns } from './queue-runs.ts';
import { listsOf, type RunList } from './run-list.ts';
import { PullRequestHeads } from './pull-request-heads.ts';
import { RunPoller } from './run-poller.ts';
import { toResult } from './to-result.ts';
import { createReservingProvider, type Quota } from '../ci/reserving-provider.ts';
import { uncertainBelow } from './unread-runs.ts';
import type { Clock } from '../clock.ts';
import type { GitHost } from '../ci/git-host.ts';
import type { CiProvider } from '../ci/provider.ts';

/** Number of pages that the first listing reads, so that few branches need a look-up. */
const MAX_FIRST_PAGES = 20;

export interface RunIndexOptions {
  readonly provider: CiProvider;
  /** Undefined if no connection serves the repository's pull requests. */
  readonly gitHost?: GitHost | undefined;
  /** What the provider lists the runs of. */
  readonly ciRepository: string;
  /** What the Git host calls the repository. */
  readonly gitRepository: string;
  /** Milliseconds for which a listing is fresh now. */
  readonly freshFor: () => number;
  readonly now: Clock;
  /** Called with the branches that have changed in the listing. */
  readonly onChanged?: ((branches: ReadonlySet<string>) => void) | undefined;
  /** Undefined: unlimited. */
  readonly quota?: Quota | undefined;
  /** Maximum number of pages in the first listing; further blocks have one fewer. */
  readonly firstPages?: number | undefined;
}

const NO_QUOTA: Quota = { isLow: () => false, began: () => () => undefined, refused: () => undefined };

export interface RunIndex extends RunSource {
  /** Returns what is already known about a branch, without a call; undefined if nothing is. */
  peekBranch(branch: string): KnownBranch | undefined;
  /** Branches that the listing has shown, the one with the newest run first. */
  listedBranches(): string[];
}

export function createRunIndex(options: RunIndexOptions): RunIndex {
  const { ciRepository, freshFor, now, onChanged = () => undefined, quota = NO_QUOTA } = options;
  const provider = createReservingProvider(options.provider, quota);
  const known = new KnownRuns(provider);
  const reader = new ListingReader(provider, ciRepository);
  const isQuotaLow = () => quota.isLow();
  const context: IndexContext = {
    provider,
    ciRepository,
    reader,
    known,
    freshFor,
    isQuotaLow,
    now,
    onChanged,
  };
  const listing = new Listing(context);
  const backfill = new Backfill(context, () => listing.sight(), options.firstPages ?? MAX_FIRST_PAGES);
  listing.feed(backfill);
  const branches = new BranchReader({
    provider,
    known,
    listing,
    backfill,
    lookUps: new LookUps(context, listing, backfill),
    poller: new RunPoller(context, listing),
  });
  const { gitHost, gitRepository } = options;
  const heads = gitHost && new PullRequestHeads({ gitHost, gitRepository, now });
  return {
    read: (subject) => toResult(() => branches.read(subject)),
    readFurther: (subject) => toResult(() => branches.readFurther(subject)),
    readPullRequest: createPullRequestReader(options, heads),
    peekPullRequest: (number) => heads?.peek(number),
    confirm: (runs, since) => toResult(() => branches.confirm(runs, Math.min(since, now()))),
    branchNames: () => known.table.branchNames(),
    peekRuns: (subject) => known.peekRuns(listsOf(subject, provider)),
    peekBranchless: () => known.table.branchlessRuns(),
    peekCommit: (prefix) => known.table.findCommit(prefix),
    peekNumber: (number) => known.table.findNumber(number),
    peekUnread: () => known.peekUnread(),
    peekBranch: (branch) => known.list({ kind: 'branch', name: branch }),
    listedBranches: () => known.table.listedBranches(),
  };
}

interface Parts extends Pick<IndexContext, 'provider' | 'known'> {
  readonly listing: Listing;
  readonly backfill: Backfill;
  readonly lookUps: LookUps;
  readonly poller: RunPoller;
}

interface QueueReading {
  readonly runs: readonly Run[];
  /** As of the reading, by the run's id: CI may delete a run while the caller looks at it. */
  readonly standings: ReadonlyMap<string, RunStanding | undefined>;
  readonly unresolved: readonly UnresolvedRun[];
}

/** Each method throws `UpstreamError`. */
class BranchReader {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async read(subject: RunSubject): Promise<BranchRuns> {
    const { provider, known, listing, lookUps } = this.#parts;
    await listing.ensureFresh();
    const lists = listsOf(subject, provider);
    for (const list of lists) {
      if (known.list(list) === undefined) await this.#extend(list);
      lookUps.repeatIfDue(list);
    }
    return this.#describe(subject, lists);
  }

  async readFurther(subject: RunSubject): Promise<BranchRuns> {
    const lists = listsOf(subject, this.#parts.provider);
    // Another request may have completed one of two lists meanwhile.
    const partial = lists.filter((list) => lists.length === 1 || this.#coverageOf(list).kind !== 'complete');
    await Promise.all(partial.map((list) => this.#extend(list)));
    return this.#describe(subject, lists);
  }

  async confirm(
    runs: readonly Run[],
    since: number,
  ): Promise<{ kind: 'confirmed' } | { kind: 'failed'; failure: UpstreamFailure }> {
    await this.#parts.listing.confirm(since);
    const failure = await this.#parts.poller.confirm(runs, since);
    return failure === undefined ? { kind: 'confirmed' } : { kind: 'failed', failure };
  }

  /** Looks up the list, unless a backfill in progress covers more of it. */
  async #extend(list: RunList): Promise<void> {
    const before = this.#coverageOf(list);
    await this.#parts.backfill.settled();
    if (isSameCoverage(this.#coverageOf(list), before)) await this.#parts.lookUps.read(list);
  }

  #coverageOf(list: RunList): Coverage {
    return this.#parts.known.list(list)?.coverage ?? NO_COVERAGE;
  }

  async #describe(subject: RunSubject, lists: readonly RunList[]): Promise<BranchRuns> {
    const { provider, known: index, listing, poller } = this.#parts;
    const polled = await Promise.all(lists.map((list) => poller.pollUnfinished(list)));
    const known = lists.map((list) => {
      const one = index.list(list);
      if (one === undefined) throw new RangeError('a list that was looked up is known');
      return { ...one, unread: index.unread(list) };
    });
    const runs = known.flatMap((one) => one.runs);
    const queue = await this.#readQueue(subject, runs);
    const unread = known.flatMap((one) =>
      one.unread.map((run) => toUnresolvedRun(run, one.runs, provider.host)),
    );
    return {
      kind: 'known',
      runs: [...runs, ...queue.runs],
      coverage: known.map(({ coverage }) => coverage).reduce(intersectCoverage),
      asOf: listing.listedAt,
      standing: (runId) => {
        const ofQueue = queue.standings.get(runId);
        if (ofQueue !== undefined) return ofQueue;
        const list = known.find((one) => one.runs.some(({ id }) => id === runId)) ?? known[0];
        if (list === undefined) throw new RangeError('a subject has a list');
        return list.standing(runId);
      },
      unresolved: selectNewestUnresolved([
        ...unread,
        ...queue.unresolved,
        ...polled.filter((run) => run !== undefined),
      ]),
    };
  }

  async #readQueue(subject: RunSubject, ofBranch: readonly Run[]): Promise<QueueReading> {
    const { provider, known, poller } = this.#parts;
    if (!readsQueue(subject, provider, known)) return { runs: [], standings: new Map(), unresolved: [] };
    const lists = listUnfinished(selectQueueRuns(subject, ofBranch, known));
    const polled = await Promise.all(lists.map((list) => poller.pollUnfinished(list)));
    const runs = selectQueueRuns(subject, ofBranch, known);
    return {
      runs,
      standings: new Map(runs.map((run) => [run.id, known.standing(run)])),
      unresolved: [
        ...polled.filter((run) => run !== undefined),
        ...describeUnlisted(subject, known, provider.host),
      ],
    };
  }
}

type PullRequestOptions = Pick<RunIndexOptions, 'gitHost' | 'gitRepository' | 'now'> & {
  readonly provider: Pick<CiProvider, 'host'>;
};

export function createPullRequestReader(
  { provider, gitHost, gitRepository, now }: PullRequestOptions,
  heads = gitHost && new PullRequestHeads({ gitHost, gitRepository, now }),
): RunSource['readPullRequest'] {
  if (heads === undefined) {
    return () => Promise.resolve(knowsNoPullRequests(gitRepository, provider.host));
  }
  return (number) => toResult(() => heads.read(number));
}

/** @param host for messages */
export function knowsNoPullRequests(gitRepository: string, host: string): Failed {
  const message = `no connection knows the pull requests of ${gitRepository}: name a Git host in the project's key git`;
  return { kind: 'failed', failure: { kind: 'not_found', host, message } };
}

/** A run without a position affects every build, so it comes first. */
function selectNewestUnresolved(unresolved: readonly UnresolvedRun[]): UnresolvedRun | undefined {
  return unresolved.toSorted(
    (a, b) => (b.position ?? Number.MAX_VALUE) - (a.position ?? Number.MAX_VALUE),
  )[0];
}

/** @param runs known runs of the branch */
function toUnresolvedRun(unread: UnreadRun, runs: readonly Run[], host: string): UnresolvedRun {
  const message = `${host} lists a workflow run with ${unread.problem} that cannot be read`;
  return { failure: { kind: 'malformed', host, message }, position: uncertainBelow(unread, runs) };
}
