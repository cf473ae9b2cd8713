/** Recognizes addresses of this machine, its link or its network. Pure. */
import { BlockList, isIP } from 'node:net';

/**
 * RFC 6890 and its registries: this network, private, carrier, loopback, link-local (cloud metadata),
 * benchmark, multicast, reserved. The first five IPv6 networks embed IPv4 addresses: compatible, translated
 * (SIIT, NAT64, local NAT64), 6to4.
 */
const INTERNAL = createNetworks(
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16',
  '198.18.0.0/15 224.0.0.0/3',
  '::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2002::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8',
);
const LINK = createNetworks('127.0.0.0/8 169.254.0.0/16 ::1/128 fe80::/10');
const LOOPBACK = createNetworks('127.0.0.0/8 ::1/128');

/** @param lists networks in CIDR notation, separated by blanks */
export function createNetworks(...lists: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const network of lists.flatMap((list) => list.split(' '))) {
    const [address = '', prefix] = network.split('/');
    networks.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return networks;
}

/**
 * @param hostname of a URL: an IP literal, with or without the brackets of IPv6, or a name, which is in no
 *   network
 */
export function isInside(networks: BlockList, hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  return version !== 0 && networks.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/**
 * @param hostname of a URL, which has already normalized forms such as `0x7f.1`
 * @returns true for `localhost` and for an IP literal that is not public; names that resolve to internal
 *   addresses are normal in companies, so they are not looked up
 */
export function isInternalAddress(hostname: string): boolean {
  return isLocalName(hostname) || isInside(INTERNAL, hostname);
}

/**
 * @returns true for this machine and its link, where clouds have their metadata service: no proxy reaches
 *   them for us
 */
export function isOnLink(hostname: string): boolean {
  return isLocalName(hostname) || isInside(LINK, hostname);
}

/** @param hostname of a URL */
export function isLoopback(hostname: string): boolean {
  return isLocalName(hostname) || isInside(LOOPBACK, hostname);
}

/** RFC 6761, 6.3: these names never leave the machine. */
function isLocalName(hostname: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(hostname);
}
