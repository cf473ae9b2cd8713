/**
 * Reads a listing's older pages in blocks, side by side: a page of a hundred runs is cheaper than a look-up for each of their branches. The
 * first block comes with the first listing; each further one when as many look-ups as it has pages have found what the listing would
 * have shown. So at most twice the calls are made that somebody would make who knew beforehand which of the two is cheaper.
 */
import { UpstreamError } from '../errors.ts';
import type { RunPage } from '../resolve/ports.ts';
import type { KnownRuns } from './known-runs.ts';
import type { ListingReader } from './listing-reader.ts';

/** Pages in all: what is kept of them must fit into memory. */
const MAX_PAGES = 500;

export interface ReadAheadOptions {
  readonly reader: ListingReader;
  readonly known: KnownRuns;
  /** How many pages are read at the start, the first one included. */
  readonly firstPages: number;
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

export function createReadAhead({ reader, known, firstPages, tellChanged }: ReadAheadOptions): ReadAhead {
  const block = firstPages - 1;
  /** The listing's first page as it was at last. */
  let newest: RunPage | undefined;
  let reading: Promise<void> | undefined;
  let lookUps = 0;

  function start(first: RunPage, from: number, count: number): void {
    if (reading !== undefined || block < 1 || !first.more || from > MAX_PAGES) return;
    lookUps = 0;
    reading = read(first, from, count).finally(() => {
      reading = undefined;
    });
  }

  async function read(first: RunPage, from: number, count: number): Promise<void> {
    try {
      const older = await reader.readAhead(first, from, count);
      if (older !== undefined) tellChanged(known.takeOlder(older.runs, older.whole));
    } catch (error) {
      // Whoever needs what is missing now will look it up, and meet the fault there.
      if (!(error instanceof UpstreamError)) throw error;
    }
  }

  return {
    listed(first) {
      const isFirstListing = newest === undefined;
      newest = first;
      if (isFirstListing) start(first, 2, block);
    },
    lookedUp() {
      lookUps += 1;
      if (newest === undefined || lookUps < block) return;
      // The page that holds the oldest of them is read once more: it shows that nothing lies between.
      start(newest, Math.max(2, Math.floor(known.windowSize() / newest.runs.length)), block + 1);
    },
    async settled() {
      await reading;
    },
  };
}
