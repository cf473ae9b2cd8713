/** What the parts need of the world around the process. */
import type { Clock } from '../clock.ts';
import type { UpstreamObserver } from '../upstream/observer.ts';
import type { FreshnessObserver } from '../runs/adaptive-freshness.ts';

export interface Runtime {
  readonly env: NodeJS.ProcessEnv;
  readonly now: Clock;
  /** Milliseconds of any beginning, by a clock that nobody sets; left out: the process's own. */
  readonly elapsed?: Clock | undefined;
  readonly observer: UpstreamObserver & FreshnessObserver;
  /** Told in one line what is wrong but stops nothing. */
  readonly warn: (message: string) => void;
}
