/** Reads lists of runs over several pages, and notices when they change meanwhile. */
import { UpstreamError } from '../errors.ts';
import { compareIds } from '../resolve/select-builds.ts';
import type { Run } from '../resolve/types.ts';
import { oldestOf, type Reading } from './branch-runs.ts';
import type { CiProvider, RunPage } from '../ci/provider.ts';
import type { UnreadRun } from '../resolve/ports.ts';

/** So far back a listing is read to meet what is known, before the gap is accepted and branches are looked up again. */
const MAX_LISTING_PAGES = 10;

/** Runs of pages without a gap between them. */
export interface Listing {
  readonly runs: readonly Run[];
  readonly unread: readonly UnreadRun[];
  /** Nothing older exists. */
  readonly whole: boolean;
  /** When the first of the calls began, milliseconds since the epoch, if another replica made it. */
  readonly asOf?: number | undefined;
}

/** Each method throws `UpstreamError`. */
export interface ListingReader {
  /**
   * Reads on from the listing's first page until what is known is met.
   * @param meets whether runs back to this moment leave no gap to what is known
   */
  readBackTo(first: RunPage, meets: (oldest: number) => boolean): Promise<Listing>;
  /**
   * Reads older pages, side by side.
   * @param first tells how long the listing is
   * @param from the first page that is read; from 2 on, the runs of page 1 are among those returned
   * @param count how many pages, at most
   * @returns undefined when there are none, or the list changed meanwhile, so that runs may have been missed
   */
  readAhead(first: RunPage, from: number, count: number): Promise<Listing | undefined>;
  /**
   * Reads the next page of a branch's own list, or all its pages anew when the list has changed since.
   * @param reading how far it was read before
   */
  readBranch(branch: string, reading: Reading): Promise<readonly RunPage[]>;
}

export function createListingReader(provider: CiProvider, gitRepository: string): ListingReader {
  async function readBranchAnew(branch: string, { page: upTo, createdBy }: Reading): Promise<RunPage[]> {
    const pages: RunPage[] = [];
    for (let page = 1; page <= upTo && pages.at(-1)?.more !== false; page++) {
      pages.push(await provider.fetchBranchRuns(gitRepository, branch, page, createdBy));
    }
    if (isUnbroken(pages)) return pages;
    const message = `the runs of a branch of ${gitRepository} change faster than they can be listed`;
    throw new UpstreamError({ kind: 'malformed', host: provider.host, message });
  }

  return {
    async readBackTo(first, meets) {
      const pages = [first];
      let last = first;
      while (last.more && pages.length < MAX_LISTING_PAGES && !meets(oldestOf(last.runs))) {
        const next = await provider.fetchRuns(gitRepository, pages.length + 1);
        if (next === 'unchanged') break;
        pages.push(next);
        last = next;
      }
      // One page is a snapshot; several are only as long as nothing moved between them.
      return joinPages(isUnbroken(pages) ? pages : [first]);
    },

    async readAhead(first, from, count) {
      const last = Math.ceil(first.total / Math.max(1, lengthOf(first)));
      const numbers = Array.from({ length: Math.min(count, last - from + 1) }, (_, index) => from + index);
      const answers = await Promise.all(numbers.map((page) => provider.fetchRuns(gitRepository, page)));
      const older = answers.filter((page) => page !== 'unchanged');
      const pages = from === 2 ? [first, ...older] : older;
      if (older.length === 0 || !isUnbroken(pages)) return undefined;
      const after = await provider.fetchRuns(gitRepository, 1, first.validator);
      return after === 'unchanged' || isExplained(first, after) ? joinPages(pages) : undefined;
    },

    async readBranch(branch, reading) {
      const { page, createdBy, total } = reading;
      const answer = await provider.fetchBranchRuns(gitRepository, branch, page, createdBy);
      return page === 1 || answer.total === total ? [answer] : readBranchAnew(branch, reading);
    },
  };
}

function joinPages(pages: readonly RunPage[]): Listing {
  const asOf = pages.flatMap((page) => (page.asOf === undefined ? [] : [page.asOf]));
  return {
    runs: pages.flatMap((page) => page.runs),
    unread: pages.flatMap(({ unread = [] }, index) => unread.map((one) => datedBy(one, pages[index - 1]))),
    whole: isEnd(pages.at(-1)),
    asOf: asOf.length === 0 ? undefined : Math.min(...asOf),
  };
}

/** One of unknown time that stands first on its page is no newer than what the page before shows. */
function datedBy(unread: UnreadRun, before: RunPage | undefined): UnreadRun {
  if (unread.createdAt !== null || before === undefined || before.runs.length === 0) return unread;
  return { ...unread, createdAt: oldestOf(before.runs) };
}

/** A count that says of one more is doubt enough not to take the list for all that there is: each branch's own list tells. */
function isEnd(last: RunPage | undefined): boolean {
  return last?.more === false && last.short !== true && last.cut !== true;
}

/** With the elements that cannot be read. */
export function lengthOf({ runs, unread = [] }: RunPage): number {
  return runs.length + unread.length;
}

function idsOf({ runs, unread = [] }: RunPage): string[] {
  return [...runs, ...unread].flatMap(({ id }) => id ?? []);
}

/**
 * A run that is deleted between two pages moves those behind it forward, so that one is on none of the pages. A new one moves them
 * back, and shows up as a run that is on two: as many as the list has grown by.
 */
function isUnbroken(pages: readonly RunPage[]): boolean {
  return pages.slice(1).every((page, index) => {
    const before = pages[index];
    const shown = new Set(before && idsOf(before));
    const repeated = idsOf(page).filter((id) => shown.has(id)).length;
    return page.total - (before?.total ?? 0) === repeated;
  });
}

/**
 * Pages that are read side by side may come in any order: a new run and a deleted one in between can leave a gap that no two pages
 * show. So while they are read there must have been only new runs, or only deleted ones.
 */
function isExplained(first: RunPage, after: RunPage): boolean {
  const ids = idsOf(after);
  // One whose id cannot be read may be new.
  if (ids.length < lengthOf(after)) return false;
  const newest = idsOf(first).toSorted(compareIds).at(-1);
  const created = ids.filter((id) => newest === undefined || compareIds(id, newest) > 0).length;
  return created === 0 || (created < ids.length && after.total - first.total === created);
}
