/** Recognizes addresses of this machine or its network. Pure. */
import { BlockList, isIP } from 'node:net';

/**
 * RFC 6890 and its registries: this network, private, carrier, loopback, link-local (cloud metadata),
 * benchmark, multicast, reserved.
 */
const INTERNAL = createBlockList(
  [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['224.0.0.0', 3],
  ],
  [
    // The first five embed IPv4 addresses: compatible, translated (SIIT, NAT64, local NAT64), 6to4.
    ['::', 96],
    ['::ffff:0:0:0', 96],
    ['64:ff9b::', 96],
    ['64:ff9b:1::', 48],
    ['2002::', 16],
    ['fc00::', 7],
    ['fe80::', 10],
    ['fec0::', 10],
    ['ff00::', 8],
  ],
);

const LOOPBACK = createBlockList([['127.0.0.0', 8]], [['::1', 128]]);

type Subnets = readonly (readonly [address: string, prefix: number])[];

function createBlockList(ipv4: Subnets, ipv6: Subnets): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of ipv4) list.addSubnet(address, prefix, 'ipv4');
  for (const [address, prefix] of ipv6) list.addSubnet(address, prefix, 'ipv6');
  return list;
}

/**
 * @param hostname of a URL, which has already normalized forms such as `0x7f.1`
 * @returns true for `localhost` and for an IP literal that is not public; names that resolve to internal
 *   addresses are normal in companies, so they are not looked up
 */
export function isInternalAddress(hostname: string): boolean {
  return isLocalName(hostname) || includes(INTERNAL, hostname);
}

/** @param hostname of a URL */
export function isLoopback(hostname: string): boolean {
  return isLocalName(hostname) || includes(LOOPBACK, hostname);
}

/** RFC 6761, 6.3: these names never leave the machine. */
function isLocalName(hostname: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(hostname);
}

function includes(list: BlockList, hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
}
