/** The port to CI. A provider fetches and translates; the index (`runs/`) orders, selects and keeps. */
import type { Run } from '../resolve/types.ts';
import type { UnreadRun } from '../resolve/ports.ts';

/** Where a page or a stream of changes begins. Only the port that returned it can read it. */
export type Cursor = string;

/** One page of a list of runs, newest first. */
export interface RunPage {
  readonly runs: readonly Run[];
  /** The next, older page; undefined: the list ends here. */
  readonly next?: Cursor | undefined;
  /** `next` starts a separate list that overlaps with this one and has a total of its own. */
  readonly restarts?: boolean | undefined;
  /** Length of the list, if the provider reports it. */
  readonly total?: number | undefined;
  /** Makes the next request for the page conditional (ETag). Without one, each refresh costs a call. */
  readonly validator?: string | undefined;
  /** Where `fetchChanges` begins, so that no change after this page is missed. */
  readonly changes?: Cursor | undefined;
  /**
   * When the page was fetched, milliseconds since the epoch by our clock, if another replica or an earlier call
   * has fetched it; undefined: now.
   */
  readonly asOf?: number | undefined;
  /** Elements that could not be parsed. */
  readonly unread?: readonly UnreadRun[] | undefined;
  /** The end of the list is uncertain: a run may be missing (`total` is one too high, a log is cut). */
  readonly short?: boolean | undefined;
  /** CI's clock in the response, in milliseconds since the epoch, if reported. */
  readonly clock?: number | undefined;
}

/** Runs that were created or have changed. Shows no deletions. */
export interface RunChanges extends Pick<RunPage, 'runs' | 'unread' | 'clock'> {
  /** Where the next call begins. */
  readonly next: Cursor;
  /** More changes are available already. */
  readonly more: boolean;
}

/**
 * `ciRepository` names what runs are listed of: the Git repository, or what `ProjectKeys.runsBelongTo` says.
 * Each method throws `UpstreamError`.
 */
export interface CiProvider {
  /** The host that is called, for messages. */
  readonly host: string;
  /**
   * - `numbered`: pages count from the newest run, so they shift while they are read: after a deletion, the
   *   next page skips a run.
   * - `keyset`: a page begins after the last run of the page before. Pages neither skip nor repeat runs, and
   *   are read in sequence.
   */
  readonly paging: 'numbered' | 'keyset';
  /**
   * What `fetchRuns` lists. A list of only the newest run of each branch says nothing about older runs, and an
   * earlier run of a branch leaves it without being deleted. Default: `all`.
   */
  readonly lists?: 'all' | 'newest of each branch' | undefined;
  /** Numbered paging: the cursor of a page, counted from 1. Without it, pages are read in sequence. */
  readonly cursorOf?: ((page: number) => Cursor) | undefined;
  /** The event of a merge queue's runs (`Run.queuedFor`), if there are such runs. */
  readonly queueEvent?: string | undefined;
  /** Two spellings of one repository give the same key, so that they share one listing. */
  repositoryKey(ciRepository: string): string;
  /**
   * Fetches a page of the repository's runs, unfiltered: GitHub serves filtered lists from a search index
   * that may be stale by weeks (dawidd6/action-download-artifact#147).
   * @param cursor undefined: the newest page
   */
  fetchRuns(ciRepository: string, cursor?: Cursor, validator?: string): Promise<RunPage | 'unchanged'>;
  /** Fetches a page of one branch's runs; called only for what the listing does not show. */
  fetchBranchRuns(ciRepository: string, branch: string, cursor?: Cursor): Promise<RunPage>;
  /** Fetches a page of a pull request's runs. Required if they name no branch (`Run.pullRequest`). */
  readonly fetchPullRequestRuns?:
    ((ciRepository: string, number: string, cursor?: Cursor) => Promise<RunPage>) | undefined;
  /**
   * Fetches changes since a cursor, including re-runs of old runs, oldest change first. The provider overlaps
   * the periods as its clock and index require; repeated runs are harmless.
   */
  readonly fetchChanges?: ((ciRepository: string, since: Cursor) => Promise<RunChanges>) | undefined;
  /** Fetches one run; `gone` if it was deleted. */
  fetchRun(ciRepository: string, id: string): Promise<Run | 'gone'>;
  /** Changes whenever the credentials change: a denied call may be allowed now. */
  readonly generation?: (() => number) | undefined;
  /** Tests connection, credentials and repository in one cheap call. @returns a sentence with the result */
  probe(ciRepository: string): Promise<string>;
}

/** A workflow file known to CI. */
export interface Workflow {
  /** `.github/workflows/build.yml` */
  readonly path: string;
  /** The provider's id of the workflow, if the configuration may name it in place of the path. */
  readonly id?: string | undefined;
  /** The provider's own word for why CI does not run it (`disabled_manually`); null if it does. */
  readonly disabled: string | null;
}

/** Used by `greenpin check` only. Each method throws `UpstreamError`. */
export interface CiInspector {
  /** @returns workflows that exist in the repository or have run; undefined if there are too many */
  fetchWorkflows(ciRepository: string): Promise<readonly Workflow[] | undefined>;
}
