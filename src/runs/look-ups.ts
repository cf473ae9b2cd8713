/** Reads single branches' lists that the listing does not cover, or that may have changed unnoticed. */
import { UpstreamError } from '../errors.ts';
import { CiBreaker } from '../ci/ci-breaker.ts';
import { SingleFlight } from '../resilience/single-flight.ts';
import { Allowance } from './allowance.ts';
import type { Backfill } from './backfill.ts';
import type { IndexContext } from './index-context.ts';
import type { Listing } from './listing.ts';
import { lengthOf } from './listing-reader.ts';
import { fetchList, keyOf, type RunList } from './run-list.ts';

/**
 * Burst limit on look-ups of branches without runs; more are allowed over time. Requests for invented names
 * must not use up the calls that others need. A repository with this many pull requests and no runs at all
 * is read in one go.
 */
const MOST_UNKNOWN = 1000;
const MS_PER_UNKNOWN = 500;
/** Limits the branches that are looked up again in the background, per listing. */
const MOST_REPEATED = 5;

export class LookUps {
  readonly #context: IndexContext;
  readonly #listing: Listing;
  readonly #backfill: Backfill;
  readonly #breaker;
  readonly #unknown;
  readonly #repeated;
  readonly #flights = new SingleFlight();

  constructor(context: IndexContext, listing: Listing, backfill: Backfill) {
    const { provider, freshFor, now } = context;
    this.#context = context;
    this.#listing = listing;
    this.#backfill = backfill;
    this.#breaker = new CiBreaker({ now, generation: provider.generation });
    this.#unknown = new Allowance(MOST_UNKNOWN, () => MS_PER_UNKNOWN, now);
    this.#repeated = new Allowance(MOST_REPEATED, () => freshFor() / MOST_REPEATED, now);
  }

  /** Reads the next page of the list. @throws UpstreamError */
  async read(list: RunList): Promise<void> {
    await this.#flights.do(keyOf(list), async () => {
      if (this.#context.known.list(list) === undefined) await this.#readUnknown(list);
      else await this.#readNext(list);
    });
  }

  /** Reads the list's first page again in the background if that is due. */
  repeatIfDue(list: RunList): void {
    const { provider, ciRepository, known, isQuotaLow, now } = this.#context;
    if (!known.isLookUpDue(list, now()) || isQuotaLow() || !this.#repeated.tryUse()) return;
    void this.#flights.do(`${keyOf(list)} again`, async () => {
      const sighting = this.#listing.sight();
      try {
        const page = await this.#breaker.run(keyOf(list), () => fetchList(provider, ciRepository, list));
        known.refreshBranch(list, page, sighting(page.asOf));
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
      }
    });
  }

  /** Counts a look-up when it begins: of thousands at once, none has ended when the next one begins. */
  async #readUnknown(list: RunList): Promise<void> {
    const { host } = this.#context.provider;
    if (!this.#unknown.tryUse()) throw tooManyUnknown(host);
    let hasNone = false;
    try {
      hasNone = !(await this.#readNext(list));
    } finally {
      if (!hasNone) this.#unknown.giveBack();
    }
  }

  /** @returns whether the page shows anything */
  async #readNext(list: RunList): Promise<boolean> {
    const { provider, ciRepository, reader, known } = this.#context;
    return this.#breaker.run(keyOf(list), async () => {
      const reading = known.nextLookUp(list);
      if (reading === undefined) throw tooManyRuns(provider.host, ciRepository);
      const sighting = this.#listing.sight();
      const pages = await reader.readBranch(list, reading);
      for (const page of pages) {
        known.mergeBranchPage(list, page, sighting(page.asOf), pages.length > 1 && page === pages[0]);
      }
      const found = pages.some((page) => lengthOf(page) > 0);
      if (found) this.#backfill.lookedUp();
      return found;
    });
  }
}

function tooManyUnknown(host: string): UpstreamError {
  const message = `too many branches without workflow runs were requested from ${host}; further ones are looked up later`;
  return new UpstreamError({ kind: 'rate_limited', host, message });
}

function tooManyRuns(host: string, ciRepository: string): UpstreamError {
  const message = `a branch of ${ciRepository} has more workflow runs without a green build than can be read from ${host}`;
  return new UpstreamError({ kind: 'unavailable', host, message });
}
