/** The port for metrics of upstream requests. */

/** Receives each upstream request. */
export interface UpstreamObserver {
  /** @param status HTTP status, or the failure's kind if no response came */
  requested(host: string, status: number | string): void;
  /**
   * @param connection name of the CI connection in the configuration
   * @param resetsAt when all calls are available again, milliseconds since the epoch; Infinity if unknown
   */
  quota(connection: string, remaining: number, limit: number, resetsAt: number): void;
  /**
   * @param connection name of the CI connection in the configuration
   * @param count unreadable elements skipped in one list
   * @param problem what is wrong with the first of them, for a person
   */
  skipped?(connection: string, count: number, problem: string): void;
}
