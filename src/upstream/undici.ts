/**
 * The parts of undici that carry requests. Its index also loads caches, mocks, WebSocket and fetch: measured
 * side by side with Node 24, `greenpin digest` takes 28% longer with it (medians of 30: 173 ms instead of 135
 * ms), and uses 12% more CPU behind a proxy. These paths are not part of undici's public API, so its version
 * is pinned, and a test checks that the classes are those of the index.
 */
import { createRequire } from 'node:module';
import type * as Undici from 'undici';

const load = createRequire(import.meta.url);

export const Agent = load('undici/lib/dispatcher/agent.js') as typeof Undici.Agent;
export const Pool = load('undici/lib/dispatcher/pool.js') as typeof Undici.Pool;

const Dispatcher = load('undici/lib/dispatcher/dispatcher.js') as typeof Undici.Dispatcher;
// undici's index adds all methods to the prototype; Greenpin calls only this one.
Object.assign(Dispatcher.prototype, { request: load('undici/lib/api/api-request.js') as unknown });

/** Loaded only where a proxy is configured; the agent opens tunnels by the `connect` method. */
export function loadProxyAgent(): typeof Undici.ProxyAgent {
  Object.assign(Dispatcher.prototype, { connect: load('undici/lib/api/api-connect.js') as unknown });
  return load('undici/lib/dispatcher/proxy-agent.js') as typeof Undici.ProxyAgent;
}
