/** The port to a Git host: pull requests. With Jenkins or Buildkite, another connection provides it. */
import type { PullRequestHead } from '../resolve/ports.ts';
import type { Cursor } from './provider.ts';

/** An entry in the list of open pull requests. */
export interface OpenPullRequest {
  readonly number: string;
  readonly title: string;
  /** Login name; null if the account was deleted. */
  readonly author: string | null;
  readonly labels: readonly string[];
  readonly isDraft: boolean;
  readonly targetBranch: string;
  readonly head: PullRequestHead;
}

export interface PullRequestPage {
  readonly pullRequests: readonly OpenPullRequest[];
  /** Start of the next page; undefined at the end of the list. */
  readonly next?: Cursor | undefined;
  /** Makes the next request for this page conditional (ETag). */
  readonly validator?: string | undefined;
  /** Elements that cannot be parsed, so that nothing is known about these pull requests. */
  readonly unread: readonly { readonly number: string | null; readonly problem: string }[];
}

/** Each call throws `UpstreamError`. */
export interface GitHost {
  /** For messages. */
  readonly host: string;
  fetchPullRequest(gitRepository: string, number: string): Promise<PullRequestHead>;
  /** Lists the open pull requests, newest first. */
  fetchOpenPullRequests(
    gitRepository: string,
    cursor?: Cursor,
    validator?: string,
  ): Promise<PullRequestPage | 'unchanged'>;
  /** Increases when the credentials change, since a denied call may be allowed now. */
  readonly generation?: (() => number) | undefined;
  /** Proves that the credentials may read pull requests. */
  probe(gitRepository: string): Promise<void>;
}
