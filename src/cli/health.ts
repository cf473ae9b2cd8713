/** `greenpin health`: whether the `serve` of this configuration lives, for container engines, which ask every few seconds. */
import { get } from 'node:http';
import { readManagementAddress } from '../config/management-address.ts';
import { readConfigText } from './config-input.ts';
import type { CommandContext } from './context.ts';
import { complain } from './diagnostics.ts';

export interface HealthOptions {
  readonly config?: string;
}

const UNHEALTHY = 1;

/** A process that does not answer in this time answers no call either. */
const WITHIN_MS = 4_000;

/**
 * Loads little: neither the configuration's schema nor anything of the plugin.
 * @returns exit status: 0 healthy, 1 not
 * @throws ConfigError when the configuration does not say where to ask
 */
export async function health(
  { config }: HealthOptions,
  { env, stdout, stderr }: CommandContext,
): Promise<number> {
  const { host, port } = readManagementAddress({
    file: config,
    readFile: readConfigText,
    env,
  });
  const hosts = REACHABLE.get(host) ?? [host];
  const found = await findWrong(hosts.map((each) => ({ host: each, port })));
  if (found === undefined) {
    stdout.write('healthy\n');
    return 0;
  }
  complain(stderr, `${found}, expected a greenpin serve that answers`);
  return UNHEALTHY;
}

/** What listens on all addresses is asked on loopback: of IPv4, which a machine with IPv6 has nearly always, too. */
const REACHABLE = new Map([
  ['0.0.0.0', ['127.0.0.1']],
  ['::', ['127.0.0.1', '::1']],
]);

const PATH = '/healthz';

interface Address {
  readonly host: string;
  readonly port: number;
}

function format({ host, port }: Address): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${PATH}`;
}

/**
 * @param places of one server: the first over which there is a connection tells
 * @returns what is wrong, and where; undefined when nothing is
 */
async function findWrong(places: readonly Address[]): Promise<string | undefined> {
  const signal = AbortSignal.timeout(WITHIN_MS);
  const unreachable: string[] = [];
  for (const at of places) {
    const outcome = await ask(at, signal);
    if (outcome === undefined) return undefined;
    if (outcome.connected) return `${format(at)}: found ${outcome.found}`;
    unreachable.push(`${format(at)}: found ${outcome.found}`);
  }
  return unreachable.join('; ');
}

interface Wrong {
  readonly found: string;
  readonly connected: boolean;
}

/** Nothing of this place answers; another one may. */
const NOBODY = new Map([
  ['ECONNREFUSED', 'nobody who listens'],
  ['EADDRNOTAVAIL', 'no such address on this machine'],
  ['EAFNOSUPPORT', 'no such address on this machine'],
  ['ENETUNREACH', 'no such address on this machine'],
  ['ETIMEDOUT', 'no answer in time'],
  ['ENOTFOUND', 'a host name that does not resolve'],
]);

/** @returns what is wrong; undefined when nothing is */
function ask(at: Address, signal: AbortSignal): Promise<Wrong | undefined> {
  return new Promise((resolve) => {
    // An agent of its own: a proxy of the environment is not for this.
    get({ ...at, path: PATH, agent: false, signal }, (response) => {
      response.resume();
      const healthy = response.statusCode === 200;
      resolve(healthy ? undefined : { found: `status ${response.statusCode}`, connected: true });
    }).on('error', ({ code }: NodeJS.ErrnoException) => {
      const nobody = NOBODY.get(code ?? '');
      const failure = code === 'ABORT_ERR' ? 'no answer in time' : `a connection that fails (${code})`;
      resolve({ found: nobody ?? failure, connected: nobody === undefined });
    });
  });
}
