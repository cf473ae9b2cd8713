/** Connection pools, through a proxy or direct, with a host's authorities and client certificate. */
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { buildConnector, Dispatcher, Pool as PoolTypes } from 'undici';
import { UpstreamError } from '../errors.ts';
import type { TlsMaterial } from '../secrets/tls-files.ts';
import type { Proxy, ProxyFor } from './proxies.ts';
import { blameProxy, explainProxyFailures } from './proxy-failure.ts';
import { Agent, loadProxyAgent, Pool } from './undici.ts';

export interface DispatcherOptions {
  /** @returns the same object until something changes; may throw */
  readonly readTls?: (() => TlsMaterial) | undefined;
  readonly proxyFor: ProxyFor;
  /** Maximum concurrent connections to one origin. */
  readonly connections: number;
  /** The caller's timeout for a whole call, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * @returns the pool for one request, to be sent at once: a pool is retired when its certificates change
 * @throws UpstreamError if the certificates cannot be read
 */
export type DispatcherFor = (url: URL) => Dispatcher;

const NO_TLS: TlsMaterial = {};

/**
 * Slightly below the caller's timeout: undici checks whether an HTTP/2 connection is alive only after its own
 * timeout fires. Otherwise requests would keep using a connection that a router has dropped.
 */
const SHARE_OF_TIMEOUT = 0.9;

/** Keeps connections between polls, to save a handshake (undici's default is 4 s). The host's hint wins. */
const KEEP_ALIVE_MS = 30_000;

export function createDispatchers(options: DispatcherOptions): DispatcherFor {
  const { readTls = () => NO_TLS, proxyFor } = options;
  let material: TlsMaterial | undefined;
  let context: TlsContext = {};
  let pools = new Map<Proxy | undefined, Pooled>();

  return (url) => {
    const present = readFor(url, readTls);
    if (present !== material) {
      // Fails before the running pools are retired.
      context = createContext(present);
      material = present;
      // Requests that are running finish first.
      for (const { agent } of pools.values()) void agent.close();
      pools = new Map();
    }
    const proxy = proxyFor(url);
    const pooled = pools.get(proxy) ?? createPooled(proxy, context, options);
    pools.set(proxy, pooled);
    return pooled.dispatcher;
  };
}

interface TlsContext {
  readonly secureContext?: SecureContext;
}

interface Pooled {
  readonly agent: Dispatcher;
  readonly dispatcher: Dispatcher;
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

function createPooled(
  proxy: Proxy | undefined,
  secureContext: TlsContext,
  options: DispatcherOptions,
): Pooled {
  const { timeoutMs: timeout } = options;
  if (proxy === undefined) {
    const direct = new Agent({ ...poolOptions(options), connect: { ...secureContext, timeout } });
    return { agent: direct, dispatcher: direct };
  }
  const ProxyAgent = loadProxyAgent();
  const agent = new ProxyAgent({
    uri: proxy.url,
    ...poolOptions(options),
    connectTimeout: timeout,
    requestTls: secureContext,
    // An https proxy is verified by Node's default authorities, not by the registry's.
    proxyTls: { allowH2: false },
    // undici sets no time limits on tunnels to the proxy.
    clientFactory: (origin, pool) => new Pool(origin, { ...timeLimits(options), ...blamed(pool) }),
    // For plain http origins, undici sends the request to the proxy under the proxy's own address.
    factory: (origin, pool) => new Pool(origin, String(origin) === proxy.url ? blamed(pool) : pool),
  });
  return { agent, dispatcher: agent.compose(explainProxyFailures(proxy)) };
}

function poolOptions(options: DispatcherOptions) {
  const { connections } = options;
  return { connections, ...timeLimits(options), keepAliveTimeout: KEEP_ALIVE_MS, allowH2: true };
}

function timeLimits({ timeoutMs }: DispatcherOptions) {
  const ms = Math.max(Math.floor(timeoutMs * SHARE_OF_TIMEOUT), 1);
  return { headersTimeout: ms, bodyTimeout: ms };
}

function blamed(options: object): PoolTypes.Options {
  const { connect } = options as { readonly connect: buildConnector.connector };
  return { ...options, connect: blameProxy(connect) };
}

/**
 * Shared by a pool's connections, since parsing some 150 authorities takes milliseconds; empty for Node's
 * defaults.
 */
function createContext({ ca, client }: TlsMaterial): TlsContext {
  if (ca === undefined && client === undefined) return {};
  const trusted = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] };
  return { secureContext: createSecureContext({ ...trusted, ...client }) };
}
