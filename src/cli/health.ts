/** `greenpin health`: whether `serve` is alive, for container engines, which run it every few seconds. */
import { get } from 'node:http';
import { readManagementAddress } from '../config/management-address.ts';
import { readConfigText, type CommandContext } from './context.ts';
import { writeDiagnostic } from './diagnostics.ts';

export interface HealthOptions {
  readonly config?: string;
}

/** A process that takes longer does not answer plugin calls either. */
const TIMEOUT_MS = 4_000;

/** A server on all addresses listens on loopback, too; almost every host with IPv6 has IPv4 there. */
const LOOPBACK = new Map([
  ['0.0.0.0', ['127.0.0.1']],
  ['::', ['127.0.0.1', '::1']],
]);

/**
 * Loads little: neither the configuration's schema nor any part of the plugin.
 * @returns exit status: 0 healthy, 1 not
 * @throws ConfigError if the configuration does not name the management address
 */
export async function health(
  { config }: HealthOptions,
  { env, stdout, stderr }: CommandContext,
): Promise<number> {
  const { host, port } = readManagementAddress({ file: config, readFile: readConfigText, env });
  const problem = await probe((LOOPBACK.get(host) ?? [host]).map((each) => ({ host: each, port })));
  if (problem !== undefined) {
    writeDiagnostic(stderr, `${problem}, expected a running greenpin serve`);
    return 1;
  }
  stdout.write('healthy\n');
  return 0;
}

const PATH = '/healthz';

interface Address {
  readonly host: string;
  readonly port: number;
}

function formatUrl({ host, port }: Address): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${PATH}`;
}

/**
 * @param addresses of one server: the first that accepts a connection decides
 * @returns the address and the problem; undefined if the server is healthy
 */
async function probe(addresses: readonly Address[]): Promise<string | undefined> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const unreachable: string[] = [];
  for (const address of addresses) {
    const problem = await request(address, signal);
    if (problem === undefined) return undefined;
    const text = `${formatUrl(address)}: found ${problem.found}`;
    if (problem.connected) return text;
    unreachable.push(text);
  }
  return unreachable.join('; ');
}

/** Errors after which another address of the same server may still answer. */
const NOT_CONNECTED = new Map([
  ['ECONNREFUSED', 'nothing listening'],
  ['EADDRNOTAVAIL', 'no such address on this machine'],
  ['EAFNOSUPPORT', 'no such address on this machine'],
  ['ENETUNREACH', 'no such address on this machine'],
  ['ETIMEDOUT', 'no answer in time'],
  ['ENOTFOUND', 'a host name that does not resolve'],
]);

/** @returns undefined if the answer is 200 */
function request(
  address: Address,
  signal: AbortSignal,
): Promise<{ readonly found: string; readonly connected: boolean } | undefined> {
  return new Promise((resolve) => {
    // The request must not go through a proxy from the environment, so it has its own agent.
    get({ ...address, path: PATH, agent: false, signal }, (response) => {
      response.resume();
      const healthy = response.statusCode === 200;
      resolve(healthy ? undefined : { found: `status ${response.statusCode}`, connected: true });
    }).on('error', ({ code }: NodeJS.ErrnoException) => {
      const notConnected = NOT_CONNECTED.get(code ?? '');
      const failure = code === 'ABORT_ERR' ? 'no answer in time' : `a failed connection (${code})`;
      resolve({ found: notConnected ?? failure, connected: notConnected === undefined });
    });
  });
}
