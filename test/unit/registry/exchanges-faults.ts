/** Faults on the wire: each is a failure, never "absent". */
import type { Exchange, Step } from '../../fixtures/registry/exchange.ts';
import { createImage, refused, served } from '../../fixtures/registry/responses.ts';

const image = 'reg.test/acme/shop:1';
const HEAD = 'HEAD reg.test/v2/acme/shop/manifests/1';
const GET = 'GET reg.test/v2/acme/shop/manifests/1';
const shop = createImage(null);

function thrice(answer: Step[1]): Step[] {
  return [1, 2, 3].map(() => [HEAD, answer]);
}

export const faultExchanges: readonly Exchange[] = [
  {
    name: 'a registry that does not answer is a time-out',
    source: 'time-out',
    image,
    timeoutMs: 1000,
    steps: [[HEAD, { fault: 'hang' }]],
    wanted: { failed: 'timeout', says: 'reg.test did not answer in time' },
  },
  {
    name: 'a connection that is reset is tried three times',
    source: 'retries',
    image,
    steps: thrice({ fault: 'reset' }),
    wanted: { failed: 'unreachable', says: 'the connection to reg.test broke' },
  },
  {
    name: 'a connection that is reset once is no failure',
    source: 'retries',
    image,
    steps: [
      [HEAD, { fault: 'reset' }],
      [HEAD, served(shop)],
    ],
    wanted: { found: shop.digest },
  },
  {
    name: 'a body that ends early is tried three times',
    source: 'truncated body',
    image,
    steps: [[HEAD, { status: 405 }], ...[1, 2, 3].map(() => [GET, { fault: 'truncate' }] as const)],
    wanted: { failed: 'unreachable', says: 'broke before the answer was whole' },
  },
  {
    name: 'a body that does not end is a time-out',
    source: 'time-out',
    image,
    timeoutMs: 1000,
    steps: [
      [HEAD, { status: 405 }],
      [GET, { fault: 'stall' }],
    ],
    wanted: { failed: 'timeout', says: 'did not answer in time' },
  },
  {
    name: 'an answer that is not HTTP is a fault of the transport',
    source: 'Docker Hub (a 429 with bare LF)',
    image,
    steps: [[HEAD, { raw: 'HTTP/1.1 429 Too Many Requests\nretry-after: 1\n\n' }]],
    wanted: { failed: 'unreachable', says: 'reg.test sent an answer that is not HTTP' },
  },
  ...[502, 503, 504].map((status) => ({
    name: `${status} is tried three times`,
    source: 'retries',
    image,
    steps: thrice({ status }),
    wanted: { failed: 'unavailable', says: `reg.test cannot answer now (${status})` } as const,
  })),
  {
    name: '503 once is no failure',
    source: 'retries',
    image,
    steps: [
      [HEAD, { status: 503 }],
      [HEAD, served(shop)],
    ],
    wanted: { found: shop.digest },
  },
  {
    name: '500 is not tried again',
    source: 'a failure is never absent',
    image,
    steps: [[HEAD, { status: 500 }]],
    wanted: { failed: 'unavailable', says: '(500)' },
  },
  {
    name: 'GET 501 is a failure',
    source: 'a failure is never absent',
    image,
    steps: [
      [HEAD, { status: 501 }],
      [GET, { status: 501 }],
    ],
    wanted: { failed: 'malformed', says: 'answers 501' },
  },
  {
    name: '503 with Retry-After in seconds is not tried again before',
    source: 'retries',
    image,
    steps: [[HEAD, { status: 503, headers: { 'retry-after': '30' } }]],
    wanted: { failed: 'unavailable', retryAfterMs: 30_000 },
  },
  {
    name: '429 with Retry-After in seconds is rate limited until then',
    source: 'Docker Hub',
    image,
    steps: [[HEAD, { status: 429, headers: { 'retry-after': '120' } }]],
    wanted: { failed: 'rate_limited', says: 'reg.test limits our rate (429)', retryAfterMs: 120_000 },
  },
  {
    name: '429 with Retry-After as a date is rate limited until then',
    source: 'RFC 9110 10.2.3',
    image,
    steps: [[HEAD, { status: 429, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' } }]],
    wanted: { failed: 'rate_limited', retryAfterMs: 60_000 },
  },
  {
    name: '429 with an absurd Retry-After is rate limited for five minutes',
    source: 'hostile answers',
    image,
    steps: [[HEAD, { status: 429, headers: { 'retry-after': '99999999999' } }]],
    wanted: { failed: 'rate_limited', retryAfterMs: 300_000 },
  },
  {
    name: '429 without Retry-After is rate limited',
    source: 'Docker Hub',
    image,
    steps: [[HEAD, { status: 429 }]],
    wanted: { failed: 'rate_limited' },
  },
  {
    name: '429 of the token service is rate limited',
    source: 'Docker Hub',
    image,
    steps: [
      [HEAD, { status: 401, headers: { 'www-authenticate': 'Bearer realm="https://auth.test/token"' } }],
      [
        'GET auth.test/token?scope=repository%3Aacme%2Fshop%3Apull',
        { status: 429, headers: { 'retry-after': '5' } },
      ],
    ],
    wanted: { failed: 'rate_limited', says: 'auth.test limits our rate', retryAfterMs: 5000 },
  },
  ...[412, 451].map((status) => ({
    name: `${status} is asked about with GET, and the registry's reason is told`,
    source: 'Harbor, policies on vulnerabilities',
    image,
    steps: [
      [HEAD, { status }] as const,
      [
        GET,
        refused(status, 'PROJECTPOLICYVIOLATION', 'current image with 3 vulnerabilities cannot be pulled'),
      ] as const,
    ],
    wanted: {
      failed: 'malformed',
      says: `reg.test answers ${status} for reg.test/acme/shop:1: PROJECTPOLICYVIOLATION: current image with … vulnerabilities cannot be pulled`,
    } as const,
  })),
  ...[
    'Client sent an HTTP request to an HTTPS server.\n',
    '<h1>The plain HTTP request was sent to HTTPS port</h1>',
  ].map((body) => ({
    name: 'a port of TLS that was asked by plain http is told',
    source: 'Go net/http, nginx',
    image: 'localhost:7443/acme/shop:1',
    steps: [
      ['HEAD localhost:7443/v2/acme/shop/manifests/1', { status: 400 }] as const,
      ['GET localhost:7443/v2/acme/shop/manifests/1', { status: 400, body }] as const,
    ],
    wanted: { failed: 'malformed', says: 'localhost:7443 requires TLS, but plain http was used' } as const,
  })),
  {
    name: 'a connection that breaks under plain http says how it was asked',
    source: 'a registry of TLS on loopback',
    image: 'localhost:7443/acme/shop:1',
    steps: [1, 2, 3].map(() => ['HEAD localhost:7443/v2/acme/shop/manifests/1', { fault: 'reset' }]),
    wanted: { failed: 'unreachable', says: 'broke before the answer was whole (it was asked by plain http)' },
  },
  {
    name: 'a denial tells the reason of the registry',
    source: 'GHCR',
    image,
    steps: [
      [HEAD, { status: 403 }],
      [GET, refused(403, 'DENIED', 'permission_denied: The token does not match expected scopes.')],
    ],
    wanted: {
      failed: 'denied',
      says: 'it says: DENIED: permission_denied: The token does not match expected scopes.',
    },
  },
  {
    name: 'a token service that denies tells its reason',
    source: 'distribution, token authentication',
    image,
    steps: [
      [HEAD, { status: 401, headers: { 'www-authenticate': 'Bearer realm="https://auth.test/token"' } }],
      ['GET auth.test/token?scope=repository%3Aacme%2Fshop%3Apull', refused(403, 'DENIED', 'suspended')],
    ],
    wanted: { failed: 'denied', says: 'it says: DENIED: suspended' },
  },
  {
    name: 'a manifest over 4 MiB is refused',
    source: 'answers have a size limit',
    image,
    steps: [
      [HEAD, { status: 405 }],
      [GET, { headers: { 'content-type': shop.mediaType }, body: Buffer.alloc(4 * 1024 * 1024 + 1, 0x20) }],
    ],
    wanted: { failed: 'malformed', says: 'too large' },
  },
  {
    name: 'a token over 1 MiB is refused',
    source: 'answers have a size limit',
    image,
    steps: [
      [HEAD, { status: 401, headers: { 'www-authenticate': 'Bearer realm="https://auth.test/token"' } }],
      [
        'GET auth.test/token?scope=repository%3Aacme%2Fshop%3Apull',
        { body: JSON.stringify({ token: 'a'.repeat(1024 * 1024) }) },
      ],
    ],
    wanted: { failed: 'malformed', says: 'auth.test sent an answer that is too large' },
  },
];
