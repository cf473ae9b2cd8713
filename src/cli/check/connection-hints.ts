/** What to do when no whole answer came over the network: by what stood in the way, and for CI and registries alike. Pure. */
import type { ConnectionTrouble, UpstreamFailure } from '../../errors.ts';

/** Where the configuration says how the host is reached, as paths of it. */
export interface ConnectionKeys {
  /** What names the host. */
  readonly host: string;
  readonly caFile: string;
  /** What allows plain http; left out: nothing does. */
  readonly http?: string;
  /** The host is asked by plain http, since it is this machine. */
  readonly isLoopback?: boolean;
  /** What gives a client certificate; left out: nothing does. */
  readonly client?: string;
}

const PROXY = 'if a proxy is needed, set HTTPS_PROXY';

/** @param failure of kind `timeout` or `unreachable`, or one with a trouble */
export function hintForConnection({ host, trouble }: UpstreamFailure, keys: ConnectionKeys): string {
  return trouble === undefined
    ? `check the way to ${host}: DNS, firewall; ${PROXY}`
    : HINTS[trouble](host, keys);
}

type Hint = (host: string, keys: ConnectionKeys) => string;

const HINTS: Readonly<Record<ConnectionTrouble, Hint>> = {
  timeout: (host) =>
    `does a firewall drop what is sent to ${host}? (${PROXY}) Or is server.deadline too short? One call gets half of it`,
  name: (_host, { host: key }) =>
    `check the spelling in ${key}; if it is right, DNS here does not know the name (${PROXY})`,
  refused: (_host, { host: key }) =>
    `nothing listens there, or a firewall refuses: check host and port in ${key}`,
  route: (host) => `is this machine, or this pod, allowed to reach ${host}? (${PROXY})`,
  broken: (_host, { http, isLoopback = false }) =>
    isLoopback && http !== undefined
      ? `if TLS is spoken there, set ${http}: false, since this machine is asked by plain http; otherwise try again`
      : 'try again; if it stays so, something in between (a proxy, a firewall) cuts connections',
  authority: (_host, { caFile }) =>
    `if it is your company's authority, give its certificate (PEM) as ${caFile}; otherwise, who answers there?`,
  validity: () => 'renew the certificate there; or is the clock of this machine wrong?',
  other_name: (_host, { host: key }) =>
    `write the name that the certificate bears into ${key}, or have one issued for this name; or who else answers there?`,
  no_tls: (_host, { host: key, http }) =>
    http === undefined
      ? `check host and port in ${key}; plain http is spoken on loopback only`
      : `check the port in ${key}; if plain http is meant, set ${http}: true`,
  client_certificate: (host, { client }) =>
    client === undefined
      ? `Greenpin shows ${host} no client certificate; it must let callers in without one`
      : `check ${client}`,
  tls: () => 'which versions and ciphers of TLS does it take? Greenpin wants TLS 1.2 or newer',
  proxy: (host) =>
    `check the proxy, and that it lets ${host} through; or add the host to NO_PROXY if no proxy is needed`,
  proxy_login: (host) =>
    `write USER:PASSWORD@ into the proxy's URL, or add ${host} to NO_PROXY if no proxy is needed`,
  files: () => 'correct the file, or mount the Secret there',
  not_http: (_host, { host: key }) => `check host and port in ${key}: something else than HTTP answers there`,
  wants_tls: (_host, { host: key, http }) =>
    http === undefined ? `write https into ${key}` : `set ${http}: false`,
  plain_realm: (host) =>
    `${host} itself has to name its token service by https: correct its realm or external URL (behind a proxy: X-Forwarded-Proto)`,
  policy: (host) => `${host} has a rule against it; who runs it can tell which, and lift it`,
};
