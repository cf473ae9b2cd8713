/** Watches the calls of one CI connection on their way to the metrics. */
import type { UpstreamObserver } from '../upstream/observer.ts';

export interface ConnectionWatch {
  /** The host of the connection, for the warning. */
  readonly host: string;
  readonly onQuota: (remaining: number, limit: number, resetsAt: number) => void;
  /** Called once, at the first run that cannot be read. */
  readonly warn: (message: string) => void;
}

export function createConnectionObserver(
  observer: UpstreamObserver,
  { host, onQuota, warn }: ConnectionWatch,
): UpstreamObserver {
  let hasWarned = false;
  return {
    requested: (...call) => observer.requested(...call),
    quota(connection, remaining, limit, resetsAt) {
      onQuota(remaining, limit, resetsAt);
      observer.quota(connection, remaining, limit, resetsAt);
    },
    skipped(connection, count, problem) {
      observer.skipped?.(connection, count, problem);
      if (!hasWarned)
        warn(`${host} lists a workflow run with ${problem} that cannot be read; such runs are skipped`);
      hasWarned = true;
    },
  };
}
