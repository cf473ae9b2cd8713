/** The port to pushes: which commits a branch had. With statuses, they make builds without a CI system. */
import type { Cursor } from './provider.ts';

/** A commit that became the head of a branch of the repository itself. */
export interface Push {
  readonly branch: string;
  /** Full commit SHA, lower case. */
  readonly commit: string;
  /**
   * When it was pushed, milliseconds since the epoch; when it was committed, if the host has no log of
   * pushes. Falls from push to push of a branch.
   */
  readonly position: number;
  /** Orders pushes at the same position, as text; empty if nothing can. */
  readonly tie: string;
}

export interface PushPage {
  /** Newest first, without tags and deletions. */
  readonly pushes: readonly Push[];
  /**
   * The place of an entry of the log that does not say which branches were pushed. Pushes below it are left
   * out, and the list ends there, since it may hide a newer push of any branch.
   */
  readonly gap?: Pick<Push, 'position' | 'tie'> | undefined;
  /** The next, older page; undefined: the list ends here. */
  readonly next?: Cursor | undefined;
  /** Makes the next request for the page conditional (ETag). */
  readonly validator?: string | undefined;
  /** The host's clock in the response, in milliseconds since the epoch, if reported. */
  readonly clock?: number | undefined;
}

/** Each method throws `UpstreamError`. */
export interface PushLog {
  /** For messages. */
  readonly host: string;
  /**
   * `heads`: the host has no log of pushes, so `fetchPushes` lists the head of each branch. The list says
   * nothing about a branch's earlier commits, and a deleted branch leaves it. Default: `pushes`.
   */
  readonly lists?: 'pushes' | 'heads' | undefined;
  /** Fetches a page of the pushes to all branches, or of their heads, newest first. */
  fetchPushes(gitRepository: string, cursor?: Cursor, validator?: string): Promise<PushPage | 'unchanged'>;
  /**
   * Fetches a page of the pushes to one branch or, without a log, of its newest commits in first-parent
   * order.
   */
  fetchBranchPushes(gitRepository: string, branch: string, cursor?: Cursor): Promise<PushPage>;
}
