/** The port to statuses and checks that other systems set on a commit: additional gates for a build. */

/** The latest status of one context by one setter. */
export interface CommitStatus {
  /** The name that the setter gave it: `security/scan`. */
  readonly context: string;
  /** `unsuccessful` includes skipped, neutral and stale checks, and warnings: nothing was proven. */
  readonly state: 'success' | 'pending' | 'unsuccessful';
  /** The host's own word for the state: `neutral`, `timed_out`. */
  readonly outcome: string;
  /** The setter's page about it; empty if there is none. */
  readonly url?: string | undefined;
}

export interface StatusPage {
  /** Two setters may use the same context; then both statuses are listed. */
  readonly statuses: readonly CommitStatus[];
  /** Makes the next request for them conditional (ETag). */
  readonly validator?: string | undefined;
  /** When another replica fetched them, milliseconds since the epoch; undefined: fetched now. */
  readonly asOf?: number | undefined;
}

export interface CommitStatuses {
  /** For messages. */
  readonly host: string;
  /**
   * Fetches all statuses of a commit. Never the host's combined state, which counts skipped and neutral
   * checks as successes.
   * @param commit full SHA
   * @throws UpstreamError
   */
  fetchStatuses(gitRepository: string, commit: string, validator?: string): Promise<StatusPage | 'unchanged'>;
}
