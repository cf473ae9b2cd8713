/** The parts of the process and its environment that other modules need. */
import type { Clock } from '../clock.ts';
import type { FreshnessObserver } from '../runs/adaptive-freshness.ts';
import type { UpstreamObserver } from '../upstream/observer.ts';

export interface Runtime {
  readonly env: NodeJS.ProcessEnv;
  readonly now: Clock;
  /** A monotonic clock in milliseconds; by default the process's own. */
  readonly elapsed?: Clock | undefined;
  readonly observer: UpstreamObserver & FreshnessObserver;
  /** Reports a non-fatal problem in one line. */
  readonly warn: (message: string) => void;
}
