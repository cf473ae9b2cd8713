/** Which authorities and client certificates go with which host. */
import { createDispatchers, type DispatcherFor, type DispatcherOptions } from './dispatchers.ts';
import type { TlsMaterial } from '../secrets/tls-files.ts';

type ReadTls = () => TlsMaterial;

/**
 * A client certificate is for its host and port alone, as a password is; an authority is believed for the other ports of that
 * host as well, where its token service may be.
 * @param tls by host, with its port if it is not 443
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
    if (present !== seen) trusted = present.ca === undefined ? {} : { ca: present.ca };
    seen = present;
    return trusted;
  };
}
