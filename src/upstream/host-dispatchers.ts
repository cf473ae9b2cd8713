/** Applies certificate authorities and client certificates to the hosts they are configured for. */
import { createDispatchers, type DispatcherFor, type DispatcherOptions } from './dispatchers.ts';
import type { TlsMaterial } from '../secrets/tls-files.ts';

type ReadTls = () => TlsMaterial;

/**
 * A client certificate is sent only to its host and port, like a password. An authority is also trusted for
 * the host's other ports, where its token service may be.
 * @param tls by host, with the port unless it is 443
 */
export function createHostDispatchers(
  tls: ReadonlyMap<string, ReadTls>,
  options: Omit<DispatcherOptions, 'readTls'>,
): DispatcherFor {
  const plain = createDispatchers(options);
  const exact = new Map<string, DispatcherFor>();
  const otherPorts = new Map<string, DispatcherFor>();
  for (const [host, readTls] of tls) {
    const { hostname } = new URL(`https://${host}`);
    exact.set(host, createDispatchers({ ...options, readTls }));
    if (otherPorts.has(hostname)) continue;
    otherPorts.set(hostname, createDispatchers({ ...options, readTls: withoutClient(readTls) }));
  }
  return (url) => (exact.get(url.host) ?? otherPorts.get(url.hostname) ?? plain)(url);
}

function withoutClient(readTls: ReadTls): ReadTls {
  let seen: TlsMaterial | undefined;
  let trusted: TlsMaterial = {};
  return () => {
    const present = readTls();
    if (present !== seen) trusted = { ca: present.ca };
    seen = present;
    return trusted;
  };
}
