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
  const at = { host: REACHABLE.get(host) ?? host, port };
  const wrong = await askWhatIsWrong(at);
  if (wrong === undefined) {
    stdout.write('healthy\n');
    return 0;
  }
  complain(stderr, `${format(at)}: found ${wrong}, expected a greenpin serve that answers`);
  return UNHEALTHY;
}

/** What listens on all addresses is asked on loopback. */
const REACHABLE = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

const PATH = '/healthz';

interface Address {
  readonly host: string;
  readonly port: number;
}

function format({ host, port }: Address): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${PATH}`;
}

const FAILURES = new Map([
  ['ECONNREFUSED', 'nobody who listens'],
  ['ETIMEDOUT', 'no answer in time'],
  ['ABORT_ERR', 'no answer in time'],
  ['ENOTFOUND', 'a host name that does not resolve'],
]);

/** @returns what is wrong; undefined when nothing is */
function askWhatIsWrong(at: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    // An agent of its own: a proxy of the environment is not for this.
    get({ ...at, path: PATH, agent: false, signal: AbortSignal.timeout(WITHIN_MS) }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`);
    }).on('error', (error: NodeJS.ErrnoException) => {
      resolve(FAILURES.get(error.code ?? '') ?? `a connection that fails (${error.code})`);
    });
  });
}
