/** Makes a server listen, and explains why it cannot. */
import type { AddressInfo } from 'node:net';
import { ConfigError } from '../errors.ts';

/** All addresses. The operating system accepts IPv4 connections on this IPv6 socket, too. */
const EVERY_ADDRESS = '::';
const EVERY_IPV4_ADDRESS = '0.0.0.0';

/**
 * Calls arrive in bursts of thousands: one push refreshes every ApplicationSet, each over its own
 * connections. Node's default of 511 would drop some.
 */
const BACKLOG = 4096;

export interface Listener {
  listen(address: { host: string; port: number; backlog: number }): Promise<unknown>;
  addresses(): (AddressInfo | string)[];
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * @param key the configuration key of the address, such as `server`
 * @returns the URLs of the addresses, comma-separated (a host name may resolve to several)
 * @throws ConfigError if the address cannot be listened on
 */
type Listen = (app: Listener, address: ListenAddress, key: string) => Promise<string>;

/** @param warn called once for all servers if another address had to be used */
export function createListen(warn: (message: string) => void): Listen {
  let warned = false;
  return async function listen(app, address, key) {
    const { host, port } = address;
    try {
      await app.listen({ host, port, backlog: BACKLOG });
    } catch (error) {
      const fallback = selectFallback(host, readCode(error));
      if (fallback === undefined) throw new ConfigError([explain(error, address, key)], { cause: error });
      if (!warned) warn(`this machine has no IPv6, so Greenpin listens on ${fallback} instead of ${host}`);
      warned = true;
      return listen(app, { host: fallback, port }, key);
    }
    // The return value of `app.listen` says loopback for all addresses, and names only one of several.
    return app.addresses().map(formatAddress).join(', ');
  };
}

/**
 * Without IPv6 (on Linux `ipv6.disable=1`, or a missing module), creating the socket or binding the address
 * fails.
 * @param code the error code with which listening on `host` failed
 * @returns the address to listen on instead; undefined if there is none
 */
export function selectFallback(host: string, code: string): string | undefined {
  const withoutIpv6 = code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL';
  return host === EVERY_ADDRESS && withoutIpv6 ? EVERY_IPV4_ADDRESS : undefined;
}

/**
 * @returns one ConfigError with the problems of all attempts, or the first error that is not a ConfigError
 */
export function joinListenErrors(attempts: readonly PromiseSettledResult<string>[]): unknown {
  const errors = attempts.flatMap((attempt): unknown =>
    attempt.status === 'rejected' ? attempt.reason : [],
  );
  const problems = errors.flatMap((error) => (error instanceof ConfigError ? error.problems : []));
  const other = errors.find((error) => !(error instanceof ConfigError));
  return other ?? new ConfigError(problems, { cause: errors[0] });
}

const FAILURES = new Map([
  ['EADDRINUSE', ['port', 'another process', 'a free one']],
  ['EACCES', ['port', 'a port that this user may not use', '1024 or higher']],
  ['EADDRNOTAVAIL', ['host', 'an address that this machine does not have', 'one that it has']],
  ['EAFNOSUPPORT', ['host', 'an IPv6 address on a machine without IPv6', 'an IPv4 address']],
  ['ENOTFOUND', ['host', 'a host name that does not resolve', 'one that resolves']],
]);

function explain(error: unknown, { host, port }: ListenAddress, key: string): string {
  const code = readCode(error);
  const other = ['host', `an address that cannot be listened on (${code})`, 'another one'];
  const [part, found, expected] = FAILURES.get(code) ?? other;
  return `${key}.${part}: found ${found} at ${bracketIpv6(host)}:${port}, expected ${expected}`;
}

function readCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

function formatAddress(bound: AddressInfo | string): string {
  return typeof bound === 'string' ? bound : `http://${bracketIpv6(bound.address)}:${bound.port}`;
}

function bracketIpv6(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
