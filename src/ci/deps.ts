/** What every kind of connection receives from `compose`. */
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import type { UpstreamObserver } from '../upstream/observer.ts';

export interface CiDeps {
  readonly now: Clock;
  /** Milliseconds that one call may take in all: credentials, redirects and the body included. */
  readonly timeoutMs: number;
  readonly observer: UpstreamObserver;
  /** Carries the requests, for example through a proxy; by default, a connection pool of the provider's own. */
  readonly dispatcher?: Dispatcher;
}
