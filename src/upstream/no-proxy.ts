/**
 * Parses NO_PROXY, the hosts to contact directly. There is no standard; this is what curl and Go have in
 * common, plus Go's networks. Pure.
 */
import { isIP, type BlockList } from 'node:net';
import { createNetworks, isInside, isOnLink } from './internal-address.ts';

type Rule = (host: string, port: string) => boolean;

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * @param text entries separated by commas or blanks: `*`; a name, which includes its subdomains
 *   (`example.com`, `.example.com`); `*.example.com`, which is subdomains only; an address; a network
 *   (`10.0.0.0/8`) for hosts given as addresses. All but networks may end in `:PORT`
 * @returns true for a URL whose host is contacted directly; always for loopback and link-local addresses
 */
export function createNoProxy(text: string): (url: URL) => boolean {
  const rules = text
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(createRule);
  return (url) => {
    const host = normalizeHost(url.hostname);
    const port = url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? '') : url.port;
    return isOnLink(host) || rules.some((matches) => matches(host, port));
  };
}

function createRule(entry: string): Rule {
  const [, name = entry, port] = ENTRY.exec(entry) ?? [];
  const matches = createHostRule(normalizeHost(name));
  return (host, actual) => (port === undefined || port === actual) && matches(host);
}

/** A bare IPv6 address cannot have a port: its colons belong to the address. */
const ENTRY = /^(\[[^\]]+\]|[^:]+)(?::([0-9]+))?$/;

function createHostRule(name: string): (host: string) => boolean {
  if (name === '*') return () => true;
  const network = parseNetwork(name);
  if (network !== undefined) return (host) => isInside(network, host);
  if (isIP(name) !== 0) return (host) => host === name;
  const domain = name.replace(/^\*?\./, '');
  const itself = !name.startsWith('*');
  return (host) => (itself && host === domain) || host.endsWith(`.${domain}`);
}

function parseNetwork(text: string): BlockList | undefined {
  const [address = '', prefix = ''] = text.split('/');
  const version = isIP(address);
  const isNetwork =
    version !== 0 && /^[0-9]{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
  return isNetwork ? createNetworks(text) : undefined;
}

/** Lower case, without the brackets of IPv6 and the final dot of a fully qualified name. */
function normalizeHost(text: string): string {
  return text
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/(?<=.)\.$/, '');
}
