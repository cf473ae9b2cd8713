/** The port to CI: a provider fetches and translates; sorting, choosing and keeping is done elsewhere. */
import type { Run } from '../resolve/types.ts';
import type { UnreadRun } from '../resolve/ports.ts';

/** Opaque to everyone but the provider or Git host that returned it. */
export type Cursor = string;

/** One page of runs, newest first. */
export interface RunPage {
  readonly runs: readonly Run[];
  /** More pages follow. */
  readonly more: boolean;
  /** How many runs the whole list has, as this answer says: by it a list that changes between two pages is noticed. */
  readonly total: number;
  /** Makes the next request for the same page conditional (ETag). */
  readonly validator?: string;
  /** When upstream was asked, milliseconds since the epoch, if that was not now: another replica asked. */
  readonly asOf?: number;
  /** Elements of the page that are no runs as the provider describes them; left out: none. */
  readonly unread?: readonly UnreadRun[];
  /** The provider shows no more of the list, although there may be more. */
  readonly cut?: boolean;
  /** `total` says that there is one run more than is shown: such counts lag behind, but one may have been left out. */
  readonly short?: boolean;
  /** What upstream's own clock said when it answered, milliseconds since the epoch; left out: it did not tell. */
  readonly clock?: number;
}

/** A CI provider fetches and translates; sorting, selecting and caching is done elsewhere. Each method throws `UpstreamError`. */
export interface CiProvider {
  /** The host that is asked, for messages. */
  readonly host: string;
  /**
   * A page of the repository's runs, without filter: GitHub serves filtered lists from a search index that may be stale by weeks
   * (dawidd6/action-download-artifact#147).
   * @param page counts from 1
   */
  fetchRuns(gitRepository: string, page: number, validator?: string): Promise<RunPage | 'unchanged'>;
  /**
   * A page of one branch's runs; only for a branch that the listing does not show.
   * @param createdBy only runs that were created then or before, milliseconds since the epoch: where a list is cut, a further one
   */
  fetchBranchRuns(gitRepository: string, branch: string, page: number, createdBy?: number): Promise<RunPage>;
  /** One run; `gone` when it was deleted. */
  fetchRun(gitRepository: string, id: string): Promise<Run | 'gone'>;
  /** Another number whenever the secret that calls are made with has changed: what was denied may be allowed now. */
  readonly generation?: () => number;
  /** One cheap call that proves connection, credentials and repository; a sentence on what was seen. */
  probe(gitRepository: string): Promise<string>;
}

/** A workflow's file, as CI knows it. */
export interface Workflow {
  /** `.github/workflows/build.yml` */
  readonly path: string;
  /** Why CI does not run it, in the provider's own word (`disabled_manually`); null: it does. */
  readonly disabled: string | null;
}

/** What `greenpin check` asks of CI beside `probe`; not for answers. Each method throws `UpstreamError`. */
export interface CiInspector {
  /** Those that are in the repository or have run; undefined: there are too many to tell. */
  fetchWorkflows(gitRepository: string): Promise<readonly Workflow[] | undefined>;
}
