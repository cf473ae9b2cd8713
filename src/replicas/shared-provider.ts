/** A CI provider for several replicas that together ask what one would. It wraps a provider from outside. */
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { parsePullRequestHead, parseRun, parseRunPage } from './messages.ts';
import type { ShareCall, Told } from './shared-fetch.ts';
import type { Clock } from '../clock.ts';
import type { CiProvider, RunPage } from '../ci/provider.ts';

const HOUR = 3_600_000;
const KEEP_LISTING_MS = HOUR;
const KEEP_PAGE_MS = HOUR / 6;
const KEEP_LOOK_UP_MS = 24 * HOUR;
const KEEP_PULL_REQUEST_MS = 24 * HOUR;
/** CI's clock and ours may differ by as much. */
const CLOCK_MARGIN_MS = 600_000;
const MAX_LOOK_UPS = 20_000;

export interface SharedProviderOptions {
  readonly share: ShareCall;
  /** Tells connections apart: what one credential may see another may not. */
  readonly scope: string;
  /** Milliseconds for which a listing is good enough now. */
  readonly freshFor: () => number;
  readonly now: Clock;
}

export function createSharedProvider(provider: CiProvider, options: SharedProviderOptions): CiProvider {
  const { share, scope, freshFor, now } = options;
  /** The listing's first page as it was last given, by Git repository. */
  const listings = new Map<string, Told<RunPage>>();
  /** When the look-up was made that was last given, by topic: who asks again wants news. */
  const lookedUpAt = createBoundedCache<number>(MAX_LOOK_UPS);
  const topicOf = (...parts: readonly string[]): string => JSON.stringify([scope, ...parts]);

  async function fetchListing(gitRepository: string): Promise<RunPage> {
    const given = listings.get(gitRepository);
    const told = await share<RunPage>({
      topic: topicOf('runs', gitRepository),
      parse: parseRunPage,
      goodFor: freshFor(),
      accept: ({ askedAt }) =>
        now() - askedAt < freshFor() && askedAt > (given?.askedAt ?? -Infinity) && askedAt <= now(),
      async ask(last) {
        const known = last ?? given;
        const page = await provider.fetchRuns(gitRepository, 1, known?.value.validator);
        return page !== 'unchanged' ? page : (known?.value ?? unexpected());
      },
      keepFor: () => KEEP_LISTING_MS,
    });
    listings.set(gitRepository, told);
    return { ...told.value, asOf: told.askedAt };
  }

  /** A further page goes with one state of the first page, by whose validator it is told from those of others. */
  async function fetchPage(gitRepository: string, page: number): Promise<RunPage | 'unchanged'> {
    const validator = listings.get(gitRepository)?.value.validator;
    if (validator === undefined) return provider.fetchRuns(gitRepository, page);
    const told = await share<RunPage>({
      topic: topicOf('runs', gitRepository, validator, String(page)),
      parse: parseRunPage,
      accept: () => true,
      async ask() {
        const answer = await provider.fetchRuns(gitRepository, page);
        return answer === 'unchanged' ? unexpected() : answer;
      },
      keepFor: () => KEEP_PAGE_MS,
    });
    return { ...told.value, asOf: told.askedAt };
  }

  /** An earlier look-up will do as long as all that has been created since is in the listing's first page. */
  async function lookUp(gitRepository: string, branch: string): Promise<RunPage> {
    const topic = topicOf('branch', gitRepository, branch);
    const { value: listing, askedAt: listedAt = 0 } = listings.get(gitRepository) ?? {};
    // Runs are dated by CI's clock: ours may be far ahead of it.
    const ahead = Math.max(0, listedAt - (listing?.clock ?? listedAt));
    const listedSince = (listing?.runs ?? []).reduce(
      (oldest, run) => Math.min(oldest, run.createdAt),
      Infinity,
    );
    const before = lookedUpAt.get(topic) ?? -Infinity;
    const told = await share<RunPage>({
      topic,
      parse: parseRunPage,
      accept: ({ askedAt }) => askedAt > before && askedAt - ahead - CLOCK_MARGIN_MS > listedSince,
      ask: () => provider.fetchBranchRuns(gitRepository, branch, 1),
      keepFor: () => KEEP_LOOK_UP_MS,
    });
    lookedUpAt.set(topic, told.askedAt);
    return { ...told.value, asOf: told.askedAt };
  }

  return {
    host: provider.host,
    fetchRuns: (gitRepository, page) =>
      page === 1 ? fetchListing(gitRepository) : fetchPage(gitRepository, page),
    fetchBranchRuns: (gitRepository, branch, page, createdBy) =>
      page === 1 && createdBy === undefined
        ? lookUp(gitRepository, branch)
        : provider.fetchBranchRuns(gitRepository, branch, page, createdBy),
    async fetchRun(gitRepository, id) {
      // An answer says that it is as new as the listing: nothing in it may be older.
      const listedAt = listings.get(gitRepository)?.askedAt ?? Infinity;
      const told = await share({
        topic: topicOf('run', gitRepository, id),
        parse: parseRun,
        accept: ({ askedAt }) => askedAt >= listedAt,
        ask: () => provider.fetchRun(gitRepository, id),
        keepFor: freshFor,
      });
      return told.value;
    },
    async fetchPullRequest(gitRepository, number) {
      const told = await share({
        topic: topicOf('pull', gitRepository, number),
        parse: parsePullRequestHead,
        accept: () => true,
        ask: () => provider.fetchPullRequest(gitRepository, number),
        keepFor: () => KEEP_PULL_REQUEST_MS,
      });
      return told.value;
    },
    probe: (gitRepository) => provider.probe(gitRepository),
    ...(provider.generation && { generation: provider.generation }),
  };
}

function unexpected(): never {
  throw new RangeError('only a page that is known can be unchanged');
}
