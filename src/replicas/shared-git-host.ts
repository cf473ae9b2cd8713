/** A Git host for several replicas that together send the requests of one. It wraps a Git host from outside. */
import type { GitHost } from '../ci/git-host.ts';
import { parsePullRequestHead } from './messages.ts';
import type { ShareCall } from './shared-fetch.ts';

/** A pull request never changes its head repository. */
const KEEP_PULL_REQUEST_MS = 24 * 3_600_000;

/** @param scope identifies the connection: one credential may see what another may not */
export function createSharedGitHost(gitHost: GitHost, share: ShareCall, scope: string): GitHost {
  return {
    ...gitHost,
    async fetchPullRequest(gitRepository, number) {
      const { value } = await share({
        topic: JSON.stringify([scope, 'pull', gitRepository, number]),
        parse: parsePullRequestHead,
        accept: () => true,
        ask: () => gitHost.fetchPullRequest(gitRepository, number),
        keepFor: () => KEEP_PULL_REQUEST_MS,
      });
      return value;
    },
  };
}
