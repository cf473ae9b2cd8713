/** Answers that arrive compressed, though nobody asked for it. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Exchange, Step } from '../../fixtures/registry/exchange.ts';
import { createImage, refused, served, servedBare } from '../../fixtures/registry/responses.ts';

const image = 'reg.test/acme/shop:1';
const HEAD = 'HEAD reg.test/v2/acme/shop/manifests/1';
const GET = 'GET reg.test/v2/acme/shop/manifests/1';
const shop = createImage(null);
const bytes = Buffer.from(shop.body);
const noHead: Step = [HEAD, { status: 405 }];
const MIB = 1024 * 1024;

function encoded(encoding: string | readonly string[], body: Buffer | string, status = 200): Step {
  const headers = { 'content-type': shop.mediaType, 'content-encoding': encoding };
  return [GET, { status, headers, body: Buffer.from(body) }];
}

const bomb = gzipSync(Buffer.alloc(64 * MIB, 0x20));

export const encodingExchanges: readonly Exchange[] = [
  ...[
    ['gzip', gzipSync(bytes)] as const,
    ['X-GZIP', gzipSync(bytes)] as const,
    ['deflate', deflateSync(bytes)] as const,
    ['deflate', deflateRawSync(bytes)] as const,
    ['br', brotliCompressSync(bytes)] as const,
    ['zstd', zstdCompressSync(bytes)] as const,
    ['identity', bytes] as const,
    ['deflate, gzip', gzipSync(deflateSync(bytes))] as const,
    [['gzip', 'br'], brotliCompressSync(gzipSync(bytes))] as const,
  ].map(([encoding, body], i) => ({
    name: `a manifest in ${String(encoding)} is decompressed (${i})`,
    source: 'RFC 9110 8.4',
    image,
    steps: [noHead, encoded(encoding, body)],
    wanted: { found: shop.digest },
  })),
  {
    name: 'a HEAD that names an encoding is as good as another',
    source: 'RFC 9110 9.3.2',
    image,
    steps: [
      [HEAD, served(shop, { 'content-encoding': 'gzip' }), { headers: { 'accept-encoding': 'identity' } }],
    ],
    wanted: { found: shop.digest },
  },
  ...[
    {
      what: 'an encoding that is not known',
      step: encoded('snappy', bytes),
      says: 'its Content-Encoding is unknown',
    },
    { what: 'another encoding than it says', step: encoded('gzip', bytes), says: 'it is not gzip' },
    {
      what: 'an encoding cut short',
      step: encoded('gzip', gzipSync(bytes).subarray(0, -6)),
      says: 'it is not gzip',
    },
    {
      what: 'encodings in the other order',
      step: encoded('gzip, deflate', gzipSync(deflateSync(bytes))),
      says: 'it is not deflate',
    },
    {
      what: 'encodings over and over',
      step: encoded('gzip, gzip, gzip, gzip', bytes),
      says: 'compressed too many times',
    },
    { what: 'a bomb', step: encoded('gzip', bomb), says: 'reg.test sent an answer that is too large' },
    {
      what: 'a bomb in a bomb',
      step: encoded('gzip, gzip', gzipSync(bomb)),
      says: 'reg.test sent an answer that is too large',
    },
  ].map(({ what, step, says }) => ({
    name: `a manifest with ${what} is a failure`,
    source: 'a failure is never absent',
    image,
    steps: [noHead, step],
    wanted: { failed: 'malformed', says } as const,
  })),
  {
    name: 'other bytes than the header says are a failure, compressed or not',
    source: 'only what can be pulled is pinned',
    image,
    steps: [
      noHead,
      [
        GET,
        {
          headers: {
            'content-type': shop.mediaType,
            'content-encoding': 'gzip',
            'docker-content-digest': shop.digest,
          },
          body: gzipSync(`${shop.body} `),
        },
      ],
    ],
    wanted: { failed: 'malformed', says: 'does not match its digest' },
  },
  {
    name: "a registry's word that arrives compressed is one",
    source: 'RFC 9110 8.4',
    image,
    steps: [
      noHead,
      encoded('gzip', gzipSync(JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN' }] })), 404),
    ],
    wanted: { absent: 'manifest' },
  },
  {
    name: 'a 404 that cannot be decompressed says nothing',
    source: 'a failure is never absent',
    image,
    steps: [
      noHead,
      encoded('gzip', JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN' }] }), 404),
      ['GET reg.test/v2/acme/shop/tags/list', refused(404, 'UNSUPPORTED')],
    ],
    wanted: { failed: 'malformed', says: 'may come from a proxy' },
  },
  {
    name: 'a 401 that cannot be decompressed still has its challenge',
    source: 'a refusal is one by its headers',
    image,
    steps: [
      [
        HEAD,
        {
          status: 401,
          headers: { 'www-authenticate': 'Bearer realm="https://auth.test/token"', 'content-encoding': 'x' },
          body: 'no',
        },
      ],
      [
        'GET auth.test/token?scope=repository%3Aacme%2Fshop%3Apull',
        { headers: { 'content-encoding': 'gzip' }, body: gzipSync('{"token": "one"}') },
      ],
      [
        HEAD,
        servedBare(shop, { 'docker-content-digest': shop.digest }),
        { headers: { authorization: 'Bearer one' } },
      ],
    ],
    wanted: { found: shop.digest },
  },
];
