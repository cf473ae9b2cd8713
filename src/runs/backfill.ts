/**
 * Reads a listing's older pages in blocks, side by side: a page of a hundred runs is cheaper than a look-up for each of their branches. The
 * first block comes with the first listing; each further one when as many look-ups as it has pages have found what the listing would
 * have shown. So at most twice the calls are made that somebody would make who knew beforehand which of the two is cheaper.
 */
import { UpstreamError } from '../errors.ts';
import type { Sighting } from './branch-table.ts';
import type { KnownRuns } from './known-runs.ts';
import { lengthOf, type ListingReader } from './listing.ts';
import type { RunPage } from '../ci/provider.ts';

/** Pages in all: what is kept of them must fit into memory. */
const MAX_PAGES = 500;
/** So often is the wait between blocks that bring nothing doubled: after a long outage they must come back. */
const MAX_DOUBLINGS = 6;

export interface ReadAheadOptions {
  readonly reader: ListingReader;
  readonly known: KnownRuns;
  /** What is told of runs by calls that begin now. */
  readonly sight: () => (asOf?: number) => Sighting;
  /** How many pages are read at the start, the first one included. */
  readonly firstPages: number;
  /** Whether calls that nobody waits for may be made now. */
  readonly mayRead: () => boolean;
  /** Told which branches older pages have shown something new of. */
  readonly tellChanged: (branches: ReadonlySet<string>) => void;
}

export interface ReadAhead {
  /** Tells what the listing's first page has shown. */
  listed(first: RunPage): void;
  /** Tells that a branch's own list has shown runs that the listing had not reached. */
  lookedUp(): void;
  /** Done when nothing is being read. Answers that do not need older pages need not wait for it. */
  settled(): Promise<void>;
}

export function createReadAhead(options: ReadAheadOptions): ReadAhead {
  const { reader, known, sight, firstPages, mayRead, tellChanged } = options;
  const block = firstPages - 1;
  /** The listing's first page as it was at last. */
  let newest: RunPage | undefined;
  let reading: Promise<void> | undefined;
  let lookUps = 0;
  /** Blocks in a row that brought nothing: they failed, the list changed meanwhile, or a gap was left. */
  let inVain = 0;

  function start(first: RunPage, from: number, count: number): void {
    lookUps = 0;
    if (block < 1 || !first.more || from > MAX_PAGES || !mayRead()) return;
    reading = read(first, from, count).finally(() => {
      reading = undefined;
    });
  }

  async function read(first: RunPage, from: number, count: number): Promise<void> {
    inVain = Math.min(inVain + 1, MAX_DOUBLINGS);
    const sighting = sight();
    try {
      const older = await reader.readAhead(first, from, count);
      // A listing that came meanwhile knows of deletions that these pages may not.
      const changed =
        newest === first && older !== undefined ? known.takeOlder(older, sighting(older.asOf)) : undefined;
      if (changed === undefined) return;
      inVain = 0;
      tellChanged(changed);
    } catch (error) {
      // Whoever needs what is missing now will look it up, and meet the fault there.
      if (!(error instanceof UpstreamError)) throw error;
    }
  }

  /**
   * The page that holds the oldest of the known runs is read once more: it shows that nothing lies between. Where many were deleted it
   * lies further ahead.
   */
  function nextPage(page: RunPage): number {
    const back = block * (2 ** inVain - 1);
    return Math.max(2, Math.floor(known.windowSize() / Math.max(1, lengthOf(page))) - back);
  }

  return {
    listed(first) {
      const isFirstListing = newest === undefined;
      newest = first;
      if (isFirstListing) start(first, 2, block);
    },
    lookedUp() {
      lookUps += 1;
      if (newest === undefined || reading !== undefined || lookUps < block * 2 ** inVain) return;
      start(newest, nextPage(newest), block + 1);
    },
    async settled() {
      await reading;
    },
  };
}
