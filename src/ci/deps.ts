/** What `compose` hands to every CI provider. */
import type { Clock } from '../clock.ts';
import type { DispatcherFor } from '../upstream/dispatchers.ts';
import type { UpstreamObserver } from '../upstream/observer.ts';

export interface CiDeps {
  readonly now: Clock;
  /** Deadline of one call in milliseconds: credentials, redirects and the body included. */
  readonly timeoutMs: number;
  readonly observer: UpstreamObserver;
  /** The connection pool for each request, for example through a proxy. */
  readonly dispatcherFor: DispatcherFor;
}
