/** Shares pull requests between replicas, so that together they send the requests of one. */
import type { GitHost } from '../ci/git-host.ts';
import { parsePullRequestHead } from './messages.ts';
import type { SharedFetch } from './shared-fetch.ts';

/** A pull request never changes its head repository. */
const PULL_REQUEST_TTL_MS = 24 * 3_600_000;

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
  };
}
