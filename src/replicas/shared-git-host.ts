/** Shares pull requests between replicas, so that together they send the requests of one. */
import type { GitHost } from '../ci/git-host.ts';
import { parsePullRequestHead, parsePullRequestPage } from './messages.ts';
import type { SharedFetch } from './shared-fetch.ts';

/** A pull request never changes its head repository. */
const PULL_REQUEST_TTL_MS = 24 * 3_600_000;
/** Long enough for replicas that start together. */
const LIST_TTL_MS = 60_000;

/** @param scope identifies the connection: one credential may see what another may not */
export function createSharedGitHost(gitHost: GitHost, share: SharedFetch, scope: string): GitHost {
  return {
    ...gitHost,
    async fetchPullRequest(gitRepository, number) {
      const { value } = await share({
        topic: JSON.stringify([scope, 'pull', gitRepository, number]),
        parse: parsePullRequestHead,
        accept: () => true,
        fetch: () => gitHost.fetchPullRequest(gitRepository, number),
        ttlMs: () => PULL_REQUEST_TTL_MS,
      });
      return value;
    },
    async fetchOpenPullRequests(gitRepository, cursor, validator) {
      const call = () => gitHost.fetchOpenPullRequests(gitRepository, cursor, validator);
      // Whether it is unchanged depends on what the caller knows.
      if (validator !== undefined) return call();
      const { value } = await share({
        topic: JSON.stringify([scope, 'open pulls', gitRepository, cursor ?? '']),
        parse: parsePullRequestPage,
        accept: () => true,
        async fetch() {
          const page = await call();
          if (page === 'unchanged') throw new RangeError('without a validator, no page is unchanged');
          return page;
        },
        ttlMs: () => LIST_TTL_MS,
      });
      return value;
    },
  };
}
