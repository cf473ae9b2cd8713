/** Connection pools: through a proxy or directly, with the authorities and the client certificate that a host takes. */
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { buildConnector, Dispatcher, Pool as PoolTypes } from 'undici';
import { UpstreamError } from '../errors.ts';
import type { TlsMaterial } from '../secrets/tls-files.ts';
import type { Proxy, ProxyFor } from './proxies.ts';
import { blameProxy, explainProxyFailures } from './proxy-failure.ts';
import { Agent, loadProxyAgent, Pool } from './undici.ts';

export interface DispatcherOptions {
  /** @returns the same object as long as nothing has changed; may throw */
  readonly readTls?: () => TlsMaterial;
  readonly proxyFor: ProxyFor;
  /** To one origin at one time. */
  readonly connections: number;
  /** That the caller gives a request in all; milliseconds. */
  readonly timeoutMs: number;
}

/**
 * @returns the pool for a request, which is to be made at once: a pool is retired when its certificates have changed
 * @throws UpstreamError when its certificates cannot be read
 */
export type DispatcherFor = (url: URL) => Dispatcher;

const NO_TLS: TlsMaterial = {};

/**
 * Before the caller gives up: only after a time-out of its own does undici ask whether an HTTP/2 connection still lives. Without, all
 * requests would go on being sent into one that a router has forgotten.
 */
const SHARE_OF_TIMEOUT = 0.9;

/** From one poll to the next, so that it costs no handshake; undici's own 4 s do not last that long. What a host says goes first. */
const KEEP_ALIVE_MS = 30_000;

export function createDispatchers(options: DispatcherOptions): DispatcherFor {
  const { readTls = () => NO_TLS, proxyFor } = options;
  let material: TlsMaterial | undefined;
  let pools = createPools(NO_TLS, options);

  return (url) => {
    const present = readFor(url, readTls);
    if (present !== material) {
      pools.retire();
      pools = createPools(present, options);
      material = present;
    }
    return pools.through(proxyFor(url));
  };
}

function readFor({ host }: URL, readTls: () => TlsMaterial): TlsMaterial {
  try {
    return readTls();
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'its certificates cannot be read';
    throw new UpstreamError(
      { kind: 'unreachable', host, message: `${host} was not asked: ${reason}`, trouble: 'files' },
      { cause: error },
    );
  }
}

/** @returns one dispatcher that finds the pool anew for each request */
export function createRoutingDispatcher(dispatcherFor: DispatcherFor): Dispatcher {
  return new Agent().compose(
    () => (options, handler) => dispatcherFor(new URL(options.origin ?? '')).dispatch(options, handler),
  );
}

interface Pools {
  through(proxy: Proxy | undefined): Dispatcher;
  /** Requests that are going on are finished. */
  retire(): void;
}

function createPools(material: TlsMaterial, options: DispatcherOptions): Pools {
  const secureContext = createContext(material);
  const pools = new Map<Proxy | undefined, { readonly agent: Dispatcher; readonly dispatcher: Dispatcher }>();

  function create(proxy: Proxy | undefined) {
    if (proxy !== undefined) return createProxied(proxy, secureContext, options);
    const { timeoutMs: timeout } = options;
    const agent = new Agent({ ...poolOptions(options), connect: { ...secureContext, timeout } });
    return { agent, dispatcher: agent };
  }

  return {
    through(proxy) {
      const pool = pools.get(proxy) ?? create(proxy);
      pools.set(proxy, pool);
      return pool.dispatcher;
    },
    retire() {
      for (const { agent } of pools.values()) void agent.close();
    },
  };
}

function createProxied(
  proxy: Proxy,
  secureContext: { secureContext?: SecureContext },
  options: DispatcherOptions,
) {
  const ProxyAgent = loadProxyAgent();
  const agent = new ProxyAgent({
    uri: proxy.url,
    ...poolOptions(options),
    connectTimeout: options.timeoutMs,
    requestTls: secureContext,
    // An https proxy is trusted as Node.js trusts: a registry's authority is not the proxy's.
    proxyTls: { allowH2: false },
    clientFactory: (origin, pool) => new Pool(origin, blamed(pool)),
    // Of plain http origins the proxy itself is asked, under its own address.
    factory: (origin, pool) => new Pool(origin, String(origin) === proxy.url ? blamed(pool) : pool),
  });
  return { agent, dispatcher: agent.compose(explainProxyFailures(proxy)) };
}

function poolOptions({ connections, timeoutMs }: DispatcherOptions) {
  const ms = Math.max(Math.floor(timeoutMs * SHARE_OF_TIMEOUT), 1);
  const timeouts = { headersTimeout: ms, bodyTimeout: ms, keepAliveTimeout: KEEP_ALIVE_MS };
  return { connections, ...timeouts, allowH2: true };
}

function blamed(options: object): PoolTypes.Options {
  const { connect } = options as { readonly connect: buildConnector.connector };
  return { ...options, connect: blameProxy(connect) };
}

/** One for all connections of a pool, since reading some 150 authorities takes milliseconds; none where Node.js' own will do. */
function createContext({ ca, client }: TlsMaterial): { secureContext?: SecureContext } {
  if (ca === undefined && client === undefined) return {};
  const trusted = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] };
  return { secureContext: createSecureContext({ ...trusted, ...client }) };
}
