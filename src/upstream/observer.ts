/** Who is told about upstream requests. */

/** Told about each upstream request, for metrics. */
export interface UpstreamObserver {
  /** @param status HTTP status, or the failure's kind when no answer came */
  requested(host: string, status: number | string): void;
  /**
   * @param connection name of the CI connection in the configuration
   * @param resetsAt when all calls are there again, milliseconds since the epoch; Infinity: it was not said
   */
  quota(connection: string, remaining: number, limit: number, resetsAt: number): void;
  /**
   * @param connection name of the CI connection in the configuration
   * @param count elements of one of its lists that could not be read and were skipped
   * @param problem what is wrong with the first of them, for a person
   */
  skipped?(connection: string, count: number, problem: string): void;
}
