/**
 * The parts of undici that carry requests. Its index loads everything else as well (caches, mocks, WebSocket, fetch), which takes as
 * long as the rest of `greenpin digest`. The paths are not undici's to keep; its version is pinned, and a test holds that these are
 * the same classes.
 */
import { createRequire } from 'node:module';
import type * as Undici from 'undici';

const load = createRequire(import.meta.url);

export const Agent = load('undici/lib/dispatcher/agent.js') as typeof Undici.Agent;
export const Pool = load('undici/lib/dispatcher/pool.js') as typeof Undici.Pool;

const Dispatcher = load('undici/lib/dispatcher/dispatcher.js') as typeof Undici.Dispatcher;
// What undici's index does, with all methods.
Object.assign(Dispatcher.prototype, { request: load('undici/lib/api/api-request.js') as unknown });

/** Most have no proxy. */
export function loadProxyAgent(): typeof Undici.ProxyAgent {
  return load('undici/lib/dispatcher/proxy-agent.js') as typeof Undici.ProxyAgent;
}
