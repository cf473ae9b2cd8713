/**
 * Reads lists of runs over several pages, and proves that no run was missed between them
 * (docs/development/run-index.md).
 *
 * Keyset pages neither skip nor repeat runs. Numbered pages shift while they are read: after a deletion the
 * next page skips a run, and after a new run it repeats one. If CI reports the length of the list, each page
 * must repeat as many runs as the list has grown by. Otherwise the pages are read a second time, oldest
 * first.
 */
import { UpstreamError } from '../errors.ts';
import { oldestOf } from '../resolve/run-order.ts';
import type { Run } from '../resolve/types.ts';
import type { UnreadRun } from '../resolve/ports.ts';
import type { Reading } from './branch-record.ts';
import { endOf, isBelow } from './missing-runs.ts';
import { fetchList, type RunList } from './run-list.ts';
import type { CiProvider, Cursor, RunPage } from '../ci/provider.ts';

/** Pages to read back towards the window. Beyond that, a gap is accepted: branches are looked up again. */
const MAX_LISTING_PAGES = 10;

/** The runs of contiguous pages. */
export interface ListedRuns {
  readonly runs: readonly Run[];
  readonly unread: readonly UnreadRun[];
  /** True if nothing older exists. */
  readonly whole: boolean;
  /** The next, older page. */
  readonly next: Cursor | undefined;
  /** When the earliest call began, milliseconds since the epoch, if another replica made it. */
  readonly asOf: number | undefined;
}

interface Page extends RunPage {
  /** Where the page began. */
  readonly at: Cursor | undefined;
}

/** Pages proven to be contiguous; undefined if they are not, or there are none. */
type Contiguous = readonly RunPage[] | undefined;

type FetchPage = (cursor: Cursor | undefined) => Promise<RunPage>;

/** Each method throws `UpstreamError`. */
export class ListingReader {
  readonly #provider: CiProvider;
  readonly #ciRepository: string;

  constructor(provider: CiProvider, ciRepository: string) {
    this.#provider = provider;
    this.#ciRepository = ciRepository;
  }

  /**
   * Reads on from the listing's first page until a page leaves no gap to the known runs.
   * @param meets whether runs back to this one leave no gap
   */
  async readBackTo(first: RunPage, meets: (oldest: Run | undefined) => boolean): Promise<ListedRuns> {
    const fetch: FetchPage = (cursor) => this.#fetchPage(cursor);
    const pages = await readOn(fetch, { ...first, at: undefined }, MAX_LISTING_PAGES, meets);
    // One page is a snapshot; several are contiguous only if nothing moved between them.
    return joinPages((await this.#prove(pages, fetch)) ?? [first]);
  }

  /** Reads one older page (keyset paging only). */
  async readNext(cursor: Cursor): Promise<ListedRuns> {
    return joinPages([await this.#fetchPage(cursor)]);
  }

  /**
   * Reads a block of older pages, in parallel if CI reports the length of the list.
   * @param first the listing's first page
   * @param from the first page of the block; if it is 2, the result includes the runs of page 1
   * @param count maximum number of pages
   * @returns undefined if there are none, or if the list changed meanwhile, so that runs may have been missed
   */
  async readBlock(first: RunPage, from: number, count: number): Promise<ListedRuns | undefined> {
    const block =
      first.total === undefined || this.#provider.cursorOf === undefined
        ? await this.#readBlockInTurn(first, from, count)
        : await this.#readSideBySide(first, from, count);
    return block && joinPages(block);
  }

  /** Reads the next page of a branch's own list, or all its pages again if the list has changed. */
  async readBranch(list: RunList, reading: Reading): Promise<readonly RunPage[]> {
    const fetch: FetchPage = (cursor) => fetchList(this.#provider, this.#ciRepository, list, cursor);
    const { start, next, depth, total } = reading;
    const isFirst = depth === 0;
    if (isFirst || this.#provider.paging === 'keyset') return [await fetch(isFirst ? start : next)];
    if (total !== undefined) {
      const page = await fetch(next);
      if (page.total === total) return [page];
    }
    const pages = await readOn(fetch, { ...(await fetch(start)), at: start }, depth + 1, () => false);
    const proven = await this.#prove(pages, fetch);
    if (proven !== undefined) return proven;
    const message = `the runs of a branch of ${this.#ciRepository} change faster than they can be listed`;
    throw new UpstreamError({ kind: 'malformed', host: this.#provider.host, message });
  }

  async #fetchPage(cursor: Cursor | undefined): Promise<RunPage> {
    const page = await this.#provider.fetchRuns(this.#ciRepository, cursor);
    if (page === 'unchanged') throw new RangeError('without a validator, no page is unchanged');
    return page;
  }

  async #prove(pages: readonly Page[], fetch: FetchPage): Promise<Contiguous> {
    if (pages.length === 1 || this.#provider.paging === 'keyset') return pages;
    if (pages.every(({ total }) => total !== undefined)) return isUnbroken(pages) ? pages : undefined;
    return readAgain(pages, fetch);
  }

  async #readSideBySide(first: RunPage, from: number, count: number): Promise<Contiguous> {
    const { total = 0 } = first;
    const last = Math.ceil(total / Math.max(1, lengthOf(first)));
    const numbers = Array.from({ length: Math.min(count, last - from + 1) }, (_, index) => from + index);
    if (numbers.length === 0) return undefined;
    const older = await Promise.all(numbers.map((page) => this.#fetchPage(this.#provider.cursorOf?.(page))));
    const pages = from === 2 ? [first, ...older] : older;
    if (!isUnbroken(pages)) return undefined;
    const after = await this.#fetchFirst(first);
    return after === 'unchanged' || isExplained(first, after, total) ? pages : undefined;
  }

  async #readBlockInTurn(first: RunPage, from: number, count: number): Promise<Contiguous> {
    const cursor = from === 2 ? first.next : this.#provider.cursorOf?.(from);
    if (cursor === undefined) return undefined;
    const fetch: FetchPage = (at) => this.#fetchPage(at);
    const pages = await readOn(fetch, { ...(await fetch(cursor)), at: cursor }, count, () => false);
    const proven = await readAgain(pages, fetch);
    const answer = await this.#fetchFirst(first);
    const after = answer === 'unchanged' ? first : answer;
    if (proven === undefined || hasNewRuns(first, after)) return undefined;
    // A deletion may have moved a run from the block onto the first page.
    return from === 2 ? [after, ...proven] : proven;
  }

  #fetchFirst({ validator }: RunPage): Promise<RunPage | 'unchanged'> {
    return this.#provider.fetchRuns(this.#ciRepository, undefined, validator);
  }
}

/** Reads the pages that follow `first`. @param count maximum number of pages, including the first one */
async function readOn(
  fetch: FetchPage,
  first: Page,
  count: number,
  isEnough: (oldest: Run | undefined) => boolean,
): Promise<Page[]> {
  const pages = [first];
  for (let last = first; pages.length < count && !isEnough(oldestOf(last.runs));) {
    const { next } = last;
    if (next === undefined) break;
    last = { ...(await fetch(next)), at: next };
    pages.push(last);
  }
  return pages;
}

/**
 * Reads the pages again, oldest first. A deletion moves runs to pages that are read later, so none is
 * skipped. If the first page, read last, has no new run, none was created meanwhile.
 */
async function readAgain(pages: readonly Page[], fetch: FetchPage): Promise<Contiguous> {
  const again = pages.slice(-1) as RunPage[];
  for (const { at } of pages.slice(0, -1).toReversed()) again.unshift(await fetch(at));
  const [before] = pages;
  const [after] = again;
  return before && after && !hasNewRuns(before, after) ? again : undefined;
}

function joinPages(pages: readonly RunPage[]): ListedRuns {
  const asOf = pages.flatMap((page) => page.asOf ?? []);
  const last = pages.at(-1);
  return {
    runs: pages.flatMap((page) => page.runs),
    unread: pages.flatMap(({ unread = [] }, index) =>
      unread.map((one) => placedBelow(one, pages[index - 1])),
    ),
    // If the total is one too high, the end is uncertain, so each branch's own list decides.
    whole: last !== undefined && last.next === undefined && last.short !== true,
    next: last?.next,
    asOf: asOf.length === 0 ? undefined : Math.min(...asOf),
  };
}

/** If the position of a page's first element is unknown, it is no newer than the page before. */
function placedBelow(unread: UnreadRun, before: RunPage | undefined): UnreadRun {
  const oldest = before && oldestOf(before.runs);
  if (unread.position !== null || oldest === undefined) return unread;
  return { ...unread, position: oldest.position, createdAt: unread.createdAt ?? oldest.createdAt };
}

/** Includes elements that could not be parsed. */
export function lengthOf({ runs, unread = [] }: RunPage): number {
  return runs.length + unread.length;
}

function idsOf({ runs, unread = [] }: RunPage): string[] {
  return [...runs, ...unread].flatMap(({ id }) => id ?? []);
}

/** True if each page repeats as many runs of the page before as the list has grown by. */
function isUnbroken(pages: readonly RunPage[]): boolean {
  return pages.slice(1).every((page, index) => {
    const before = pages[index];
    const shown = new Set(before && idsOf(before));
    const repeated = idsOf(page).filter((id) => shown.has(id)).length;
    return (page.total ?? 0) - (before?.total ?? 0) === repeated;
  });
}

/**
 * Pages read in parallel may come in any order, so a new run and a deletion in between can leave a gap that
 * no two pages reveal. While they are read, runs may therefore only be created, or only be deleted.
 */
function isExplained(first: RunPage, after: RunPage, total: number): boolean {
  const created = countNewRuns(first, after);
  if (created === undefined) return false;
  return created === 0 || (created < lengthOf(after) && (after.total ?? 0) - total === created);
}

function hasNewRuns(before: RunPage, after: RunPage): boolean {
  return countNewRuns(before, after) !== 0;
}

/** @returns undefined if an element has no id, since it may be new */
function countNewRuns(before: RunPage, after: RunPage): number | undefined {
  const ids = new Set(idsOf(before));
  const all = [...after.runs, ...(after.unread ?? [])];
  if (all.some(({ id }) => id === null)) return undefined;
  const end = endOf(before.runs);
  // Runs that a deletion has moved onto the page are older than all of its previous runs.
  const isNew = ({ id, position, tie }: Run | UnreadRun): boolean =>
    id !== null &&
    !ids.has(id) &&
    (end === undefined || position === null || !isBelow({ position, tie }, end));
  return all.filter(isNew).length;
}
