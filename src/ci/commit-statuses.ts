/** The port to statuses and checks that other systems set on a commit: additional gates for a build. */

/** The latest status of one context. */
export interface CommitStatus {
  /** The name that the setter gave it: `security/scan`. */
  readonly context: string;
  readonly state: 'success' | 'pending' | 'unsuccessful';
  /** The host's own word for the state: `neutral`, `timed_out`. */
  readonly outcome: string;
}

export interface CommitStatuses {
  /** For messages. */
  readonly host: string;
  /**
   * Never the host's combined state, which counts skipped and neutral checks as successes.
   * @returns each context once
   * @throws UpstreamError
   */
  fetchStatuses(gitRepository: string, commit: string): Promise<readonly CommitStatus[]>;
}
