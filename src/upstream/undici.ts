/**
 * The parts of undici that carry requests. Its index loads everything else as well (caches, mocks, WebSocket, fetch): measured with
 * Node 24, `greenpin digest` starts 28% later with it (side by side, medians of 40: 107 ms and 142 ms, 158 ms and 201 ms). So the index
 * is only loaded where a proxy is configured, whose agent needs more than `request`. The paths are not undici's to keep; its version is
 * pinned, and a test holds that these are the same classes.
 */
import { createRequire } from 'node:module';
import type * as Undici from 'undici';

const load = createRequire(import.meta.url);

export const Agent = load('undici/lib/dispatcher/agent.js') as typeof Undici.Agent;
export const Pool = load('undici/lib/dispatcher/pool.js') as typeof Undici.Pool;

const Dispatcher = load('undici/lib/dispatcher/dispatcher.js') as typeof Undici.Dispatcher;
// What undici's index does, with all methods; this one is all that Greenpin itself calls.
Object.assign(Dispatcher.prototype, { request: load('undici/lib/api/api-request.js') as unknown });

/** Most have no proxy. From undici's index, which completes the dispatchers: the agent tunnels by their `connect`. */
export function loadProxyAgent(): typeof Undici.ProxyAgent {
  return (load('undici') as typeof Undici).ProxyAgent;
}
