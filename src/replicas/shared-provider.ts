/** Shares CI's responses between replicas, so that together they send the requests of one. */
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { parseRun, parseRunPage } from './messages.ts';
import type { Observed, SharedFetch, SharedQuery } from './shared-fetch.ts';
import type { Clock } from '../clock.ts';
import type { CiProvider, Cursor, RunPage } from '../ci/provider.ts';

const HOUR = 3_600_000;
const LISTING_TTL_MS = HOUR;
const PAGE_TTL_MS = HOUR / 6;
const LOOK_UP_TTL_MS = 24 * HOUR;
/** Assumed maximum difference between CI's clock and ours. */
const CLOCK_MARGIN_MS = 600_000;
const MAX_LOOK_UPS = 20_000;

export interface SharedProviderOptions {
  readonly share: SharedFetch;
  /** Identifies the connection: one credential may see what another may not. */
  readonly scope: string;
  /** Milliseconds for which a listing is fresh now. */
  readonly freshFor: () => number;
  readonly now: Clock;
}

interface PageQuery extends Pick<SharedQuery<RunPage>, 'accept' | 'fetch' | 'maxAgeMs'> {
  readonly topic: readonly string[];
  readonly ttlMs: number;
}

/** Changes are not shared: each replica follows them from a cursor of its own. */
export function createSharedProvider(provider: CiProvider, options: SharedProviderOptions): CiProvider {
  const pages = new SharedPages(provider, options);
  const { fetchPullRequestRuns } = provider;
  return {
    ...provider,
    fetchRuns: (gitRepository, cursor) =>
      cursor === undefined ? pages.fetchListing(gitRepository) : pages.fetchPage(gitRepository, cursor),
    fetchBranchRuns(gitRepository, branch, cursor) {
      const fetch = () => provider.fetchBranchRuns(gitRepository, branch, cursor);
      return cursor === undefined ? pages.lookUp('branch', gitRepository, branch, fetch) : fetch();
    },
    fetchPullRequestRuns:
      fetchPullRequestRuns &&
      ((gitRepository, number, cursor) => {
        const fetch = () => fetchPullRequestRuns(gitRepository, number, cursor);
        return cursor === undefined ? pages.lookUp('pull request', gitRepository, number, fetch) : fetch();
      }),
    async fetchRun(gitRepository, id) {
      const listedAt = pages.listedAt(gitRepository);
      const { value } = await options.share({
        topic: JSON.stringify([options.scope, 'run', gitRepository, id]),
        parse: parseRun,
        // An answer claims to be as new as the listing, so nothing in it may be older.
        accept: ({ observedAt }) => observedAt >= listedAt,
        fetch: () => provider.fetchRun(gitRepository, id),
        ttlMs: options.freshFor,
      });
      return value;
    },
  };
}

class SharedPages {
  readonly #provider: CiProvider;
  readonly #options: SharedProviderOptions;
  /** The listing's last returned first page, by Git repository. */
  readonly #listings = new Map<string, Observed<RunPage>>();
  /** When the last returned look-up was made, by topic. */
  readonly #lookedUpAt = createBoundedCache<number>(MAX_LOOK_UPS);

  constructor(provider: CiProvider, options: SharedProviderOptions) {
    this.#provider = provider;
    this.#options = options;
  }

  /** @returns milliseconds since the epoch; Infinity if no listing was returned yet */
  listedAt(gitRepository: string): number {
    return this.#listings.get(gitRepository)?.observedAt ?? Infinity;
  }

  async fetchListing(gitRepository: string): Promise<RunPage> {
    const { freshFor, now } = this.#options;
    const before = this.#listings.get(gitRepository);
    const observed = await this.#share({
      topic: ['runs', gitRepository],
      maxAgeMs: freshFor(),
      accept: ({ observedAt }) =>
        now() - observedAt < freshFor() &&
        observedAt > (before?.observedAt ?? -Infinity) &&
        observedAt <= now(),
      fetch: async (last = before) => {
        const page = await this.#provider.fetchRuns(gitRepository, undefined, last?.value.validator);
        return page === 'unchanged' ? (last?.value ?? unexpected()) : page;
      },
      ttlMs: LISTING_TTL_MS,
    });
    this.#listings.set(gitRepository, observed);
    return withTime(observed);
  }

  /** An older page belongs to one state of the first page, identified by its validator or else its time. */
  async fetchPage(gitRepository: string, cursor: Cursor): Promise<RunPage | 'unchanged'> {
    const listing = this.#listings.get(gitRepository);
    if (listing === undefined) return this.#provider.fetchRuns(gitRepository, cursor);
    const { validator } = listing.value;
    const observed = await this.#share({
      topic: ['runs', gitRepository, validator ?? '', cursor],
      accept: ({ observedAt }) =>
        validator !== undefined || (observedAt >= listing.observedAt && observedAt <= this.#options.now()),
      fetch: async () => {
        const page = await this.#provider.fetchRuns(gitRepository, cursor);
        return page === 'unchanged' ? unexpected() : page;
      },
      ttlMs: PAGE_TTL_MS,
    });
    return withTime(observed);
  }

  /** Accepts a look-up once, and only if the listing's first page shows everything created since. */
  async lookUp(
    kind: string,
    gitRepository: string,
    name: string,
    fetch: () => Promise<RunPage>,
  ): Promise<RunPage> {
    const topic = [kind, gitRepository, name];
    const key = JSON.stringify(topic);
    const { value: listing, observedAt: listedAt = 0 } = this.#listings.get(gitRepository) ?? {};
    // Runs are dated by CI's clock, and ours may be far ahead of it.
    const ahead = Math.max(0, listedAt - (listing?.clock ?? listedAt));
    const times = (listing?.runs ?? []).map(({ createdAt }) => createdAt ?? Infinity);
    const listedSince = times.includes(Infinity) ? Infinity : Math.min(...times);
    const before = this.#lookedUpAt.get(key) ?? -Infinity;
    const observed = await this.#share({
      topic,
      accept: ({ observedAt }) => observedAt > before && observedAt - ahead - CLOCK_MARGIN_MS > listedSince,
      fetch,
      ttlMs: LOOK_UP_TTL_MS,
    });
    this.#lookedUpAt.set(key, observed.observedAt);
    return withTime(observed);
  }

  async #share({ topic, ttlMs, ...query }: PageQuery): Promise<Observed<RunPage>> {
    const { share, scope } = this.#options;
    const scoped = JSON.stringify([scope, ...topic]);
    return share({ ...query, topic: scoped, parse: parseRunPage, askedAt, ttlMs: () => ttlMs });
  }
}

/** A provider may answer from a listing that it has read a moment before. */
function askedAt({ asOf }: RunPage): number | undefined {
  return asOf;
}

function withTime({ value, observedAt }: Observed<RunPage>): RunPage {
  return { ...value, asOf: observedAt };
}

function unexpected(): never {
  throw new RangeError('only a page that is known can be unchanged');
}
