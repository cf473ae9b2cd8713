/** Where a server listens, and what is said when it cannot. */
import type { AddressInfo } from 'node:net';
import { ConfigError } from '../errors.ts';

/** Every address: those of IPv6, and, since the system takes both over one socket, those of IPv4. */
export const EVERY_ADDRESS = '::';
const EVERY_IPV4_ADDRESS = '0.0.0.0';

/** Calls come in bursts of thousands (one push refreshes every ApplicationSet, each over connections of its own); Node's default of 511 would drop some. */
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
 * Listens.
 * @param key of the configuration: `server`
 * @returns where it listens; of a host name with several addresses all, with commas between them
 * @throws ConfigError when the address cannot be listened on
 */
export type Listen = (app: Listener, address: ListenAddress, key: string) => Promise<string>;

/** @param tell is told, once for all servers, when another address had to do */
export function createListen(tell: (message: string) => void): Listen {
  let told = false;
  return async function listen(app, { host, port }, key) {
    try {
      await app.listen({ host, port, backlog: BACKLOG });
    } catch (error) {
      const instead = addressInstead(host, codeOf(error));
      if (instead === undefined)
        throw new ConfigError([explain(error, { host, port }, key)], { cause: error });
      if (!told) tell(`this machine has no IPv6, so ${instead} is listened on in place of ${host}`);
      told = true;
      return listen(app, { host: instead, port }, key);
    }
    // What `listen` returns names loopback in place of every address, and of two addresses one.
    return app.addresses().map(formatAddress).join(', ');
  };
}

/**
 * Without IPv6 there is either no such socket or no such address (Linux: `ipv6.disable=1`, no module).
 * @returns what to listen on in place of an address that failed with this code; undefined: nothing will do
 */
export function addressInstead(host: string, code: string): string | undefined {
  const withoutIpv6 = code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL';
  return host === EVERY_ADDRESS && withoutIpv6 ? EVERY_IPV4_ADDRESS : undefined;
}

/** Several addresses may be taken: @returns one error with all problems, or the one that is none of the configuration's */
export function listenError(attempts: readonly PromiseSettledResult<string>[]): unknown {
  const errors = attempts.flatMap((attempt) =>
    attempt.status === 'rejected' ? [attempt.reason as unknown] : [],
  );
  const problems = errors.flatMap((error) => (error instanceof ConfigError ? error.problems : []));
  return problems.length === errors.length ? new ConfigError(problems, { cause: errors[0] }) : errors[0];
}

const FAILURES = new Map([
  ['EADDRINUSE', { part: 'port', found: 'another process', expected: 'a free one' }],
  ['EACCES', { part: 'port', found: 'a port that this user may not use', expected: 'one from 1024 on' }],
  [
    'EADDRNOTAVAIL',
    { part: 'host', found: 'an address that this machine does not have', expected: 'one of its own' },
  ],
  ['EAFNOSUPPORT', { part: 'host', found: 'an IPv6 address on a machine without', expected: 'one of IPv4' }],
  ['ENOTFOUND', { part: 'host', found: 'a host name that does not resolve', expected: 'one that does' }],
]);

function explain(error: unknown, { host, port }: ListenAddress, key: string): string {
  const code = codeOf(error);
  const { part, found, expected } = FAILURES.get(code) ?? {
    part: 'host',
    found: `an address that cannot be listened on (${code})`,
    expected: 'another one',
  };
  return `${key}.${part}: found ${found} at ${bracketed(host)}:${port}, expected ${expected}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

function formatAddress(bound: AddressInfo | string): string {
  return typeof bound === 'string' ? bound : `http://${bracketed(bound.address)}:${bound.port}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
