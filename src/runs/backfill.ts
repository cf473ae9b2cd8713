/**
 * Reads a listing's older pages in blocks: a page of a hundred runs is cheaper than a look-up for each of
 * their branches. The first block is read after the first listing. Each further block is read once as many
 * look-ups as it has pages have found runs that the listing would have shown. This costs at most twice what
 * an optimal offline strategy would.
 */
import { UpstreamError } from '../errors.ts';
import type { Sight } from './branch-table.ts';
import type { IndexContext } from './index-context.ts';
import { lengthOf } from './listing-reader.ts';
import type { RunPage } from '../ci/provider.ts';

/** Limits the pages in total, since their runs must fit into memory. */
const MAX_PAGES = 500;
/** How often the wait after fruitless blocks doubles at most, so that reading resumes after an outage. */
const MAX_DOUBLINGS = 6;

export class Backfill {
  readonly #context: IndexContext;
  readonly #sight: Sight;
  readonly #blockSize: number;
  /** The listing's current first page. */
  #newest: RunPage | undefined;
  #reading: Promise<void> | undefined;
  #lookUps = 0;
  /** Consecutive blocks without a result: they failed, the list changed meanwhile, or a gap was left. */
  #fruitless = 0;
  /** Pages that were read in turn. */
  #pages = 1;

  /** @param firstPages pages to read at the start, including the first one */
  constructor(context: IndexContext, sight: Sight, firstPages: number) {
    this.#context = context;
    this.#sight = sight;
    this.#blockSize = firstPages - 1;
  }

  /** Called with the listing's first page whenever it has changed. */
  listed(first: RunPage): void {
    const isFirstListing = this.#newest === undefined;
    this.#newest = first;
    if (isFirstListing) this.#start(first, 2, this.#blockSize);
  }

  /** Called when a look-up has found runs that the listing had not reached. */
  lookedUp(): void {
    this.#lookUps += 1;
    const first = this.#newest;
    if (first === undefined || this.#reading !== undefined) return;
    if (this.#lookUps >= this.#blockSize * 2 ** this.#fruitless) {
      this.#start(first, this.#nextPage(first), this.#blockSize + 1);
    }
  }

  /** Resolves when no read is in progress. Answers that do not need older pages need not wait for it. */
  async settled(): Promise<void> {
    await this.#reading;
  }

  #start(first: RunPage, from: number, count: number): void {
    const { provider, isQuotaLow } = this.#context;
    const isKeyset = provider.paging === 'keyset';
    this.#lookUps = 0;
    if (this.#blockSize < 1 || first.next === undefined || isQuotaLow()) return;
    if ((isKeyset ? this.#pages : from) > MAX_PAGES) return;
    const read = isKeyset ? this.#readInTurn(count) : this.#readBlock(first, from, count);
    this.#reading = this.#guard(read).finally(() => {
      this.#reading = undefined;
    });
  }

  /** @param read resolves to whether it brought anything */
  async #guard(read: Promise<boolean>): Promise<void> {
    this.#fruitless = Math.min(this.#fruitless + 1, MAX_DOUBLINGS);
    try {
      if (await read) this.#fruitless = 0;
    } catch (error) {
      // A caller that needs the missing runs now looks them up, and gets the failure there.
      if (!(error instanceof UpstreamError)) throw error;
    }
  }

  async #readBlock(first: RunPage, from: number, count: number): Promise<boolean> {
    const { reader, known, onChanged } = this.#context;
    const sighting = this.#sight();
    const older = await reader.readBlock(first, from, count);
    // A listing that arrived meanwhile reflects deletions that these pages may not.
    if (older === undefined || this.#newest !== first) return false;
    const changed = known.mergeOlder(older, sighting(older.asOf));
    if (changed !== undefined) onChanged(changed);
    return changed !== undefined;
  }

  /** Each page begins where the window ends, so that it can be merged at once. */
  async #readInTurn(count: number): Promise<boolean> {
    const { reader, known, isQuotaLow, onChanged } = this.#context;
    for (let read = 0; read < count; read++) {
      const cursor = known.next;
      if (cursor === undefined || isQuotaLow()) return read > 0;
      const sighting = this.#sight();
      const older = await reader.readNext(cursor);
      this.#pages += 1;
      const changed = known.mergeOlder(older, sighting(older.asOf), cursor);
      if (changed === undefined) return false;
      onChanged(changed);
    }
    return true;
  }

  /**
   * The page with the window's oldest run is read again, to prove that there is no gap. It is further up if
   * many runs were deleted.
   */
  #nextPage(first: RunPage): number {
    const back = this.#blockSize * (2 ** this.#fruitless - 1);
    return Math.max(2, Math.floor(this.#context.known.windowSize() / Math.max(1, lengthOf(first))) - back);
  }
}
