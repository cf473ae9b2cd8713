/**
 * The runs of one Git repository, for all its branches and projects (design §5): one conditional listing is shared by every
 * caller, a branch that it does not show is looked up once by itself, and what was learnt is kept.
 */
import { LRUCache } from 'lru-cache';
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { BranchRuns, CiProvider, Clock, PullRequestHead, RunPage, RunSource } from '../resolve/ports.ts';
import type { Run } from '../resolve/types.ts';
import { createBackoff } from './backoff.ts';
import { bounded } from './bounded.ts';
import { createJoiner } from './joiner.ts';
import { createKnownRuns } from './known-runs.ts';

/** So far back a listing is read to meet what is known, before the gap is accepted and branches are looked up again. */
const MAX_LISTING_PAGES = 10;
/** Runs of one branch that are followed by id at one time. */
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
  const pullRequests = new LRUCache<string, PullRequestHead>(bounded(MAX_PULL_REQUESTS));
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
    listedAt = startedAt;
  }

  async function takeListing(first: RunPage): Promise<void> {
    const pages = [first];
    let last = first;
    while (last.more && pages.length < MAX_LISTING_PAGES && !known.meets(oldestOf(last.runs))) {
      const next = await provider.fetchRuns(gitRepository, pages.length + 1);
      if (next === 'unchanged') break;
      pages.push(next);
      last = next;
    }
    // One page is a snapshot; several are only as long as nothing moved between them.
    const read = isUnbroken(pages) ? pages : [first];
    known.takeListing(
      first.runs,
      read.flatMap((page) => page.runs),
      read.at(-1)?.more === false,
    );
    validator = first.validator;
  }

  /** Runs that are still going and have left the first page are asked for by id: the listing will not tell how they end. */
  async function followRunning(branch: string): Promise<void> {
    const at = now();
    const isDue = (run: Run): boolean =>
      at - (followedAt.get(run) ?? run.createdAt) >=
      Math.max(freshFor(), (at - run.createdAt) / FOLLOW_AGE_DIVISOR);
    const due = known.unlistedRunning(branch).filter(isDue).slice(0, MAX_FOLLOWED);
    await Promise.all(due.map((run) => join(`run ${run.id}`, () => lookUpBackoff.run(() => follow(run)))));
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
        const { page, total } = known.nextLookUp(branch);
        const answer = await provider.fetchBranchRuns(gitRepository, branch, page);
        const pages = page === 1 || answer.total === total ? [answer] : await readBranchPages(branch, page);
        for (const one of pages) known.takeBranchPage(branch, one, pages.length > 1 && one === pages[0]);
      }),
    );
  }

  /** The branch's list has changed since its earlier pages were read: they are read again, in one go. */
  async function readBranchPages(branch: string, upTo: number): Promise<RunPage[]> {
    const pages: RunPage[] = [];
    for (let page = 1; page <= upTo && pages.at(-1)?.more !== false; page++) {
      pages.push(await provider.fetchBranchRuns(gitRepository, branch, page));
    }
    if (isUnbroken(pages)) return pages;
    const message = `the runs of a branch of ${gitRepository} change faster than they can be listed`;
    throw new UpstreamError({ kind: 'malformed', host: gitRepository, message });
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
        await followRunning(branch);
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

/**
 * A run that is deleted between two pages moves those behind it forward, so that one is on none of the pages. (A new one moves them
 * back, and shows up as a run that is on two.)
 */
function isUnbroken(pages: readonly RunPage[]): boolean {
  const ids = pages.flatMap((page) => page.runs.map((run) => run.id));
  const repeated = ids.length - new Set(ids).size;
  return (pages[0]?.total ?? 0) - (pages.at(-1)?.total ?? 0) + repeated <= 0;
}

function oldestOf(runs: readonly Run[]): number {
  return runs.reduce((oldest, run) => Math.min(oldest, run.createdAt), Infinity);
}
