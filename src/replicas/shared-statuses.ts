/** Shares the statuses of commits between replicas, so that together they send the requests of one. */
import type { CommitStatuses } from '../ci/commit-statuses.ts';
import type { Clock } from '../clock.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { parseStatusPage } from './messages.ts';
import type { SharedFetch } from './shared-fetch.ts';

const TTL_MS = 3_600_000;
const MAX_COMMITS = 20_000;

export interface SharedStatusesOptions {
  readonly share: SharedFetch;
  /** Identifies the connection: one credential may see what another may not. */
  readonly scope: string;
  /** Milliseconds for which an answer is fresh now. */
  readonly freshFor: () => number;
  readonly now: Clock;
}

/** Another replica's answer is accepted once, and only while it is fresh. */
export function createSharedStatuses(
  statuses: CommitStatuses,
  { share, scope, freshFor, now }: SharedStatusesOptions,
): CommitStatuses {
  /** When the last answer was fetched that was returned, by topic. */
  const returnedAt = createBoundedCache<number>(MAX_COMMITS);
  return {
    ...statuses,
    async fetchStatuses(gitRepository, commit) {
      const topic = JSON.stringify([scope, 'statuses', gitRepository, commit]);
      const before = returnedAt.get(topic) ?? -Infinity;
      const { value, observedAt } = await share({
        topic,
        parse: parseStatusPage,
        maxAgeMs: freshFor(),
        accept: (page) =>
          page.observedAt > before && page.observedAt <= now() && now() - page.observedAt < freshFor(),
        async fetch(last) {
          const page = await statuses.fetchStatuses(gitRepository, commit, last?.value.validator);
          return page === 'unchanged' ? (last?.value ?? unexpected()) : page;
        },
        ttlMs: () => TTL_MS,
      });
      returnedAt.set(topic, observedAt);
      return { ...value, asOf: observedAt };
    },
  };
}

function unexpected(): never {
  throw new RangeError('only statuses that are known can be unchanged');
}
