/** What a 404 means. Nothing but a registry's own word makes an image absent. */
import { createPasswordCredential } from '../../../src/registry/credentials.ts';
import type { Exchange, Step } from './exchange.ts';
import { challenged, refused } from './images.ts';

const image = 'reg.test/acme/shop:1';
const HEAD: Step = ['HEAD reg.test/v2/acme/shop/manifests/1', { status: 404 }];
const GET = 'GET reg.test/v2/acme/shop/manifests/1';
const PING = 'GET reg.test/v2/';
const credentials = [{ key: 'reg.test', credential: createPasswordCredential('bot', 'p', 'configuration') }];
const asBot = { headers: { authorization: `Basic ${Buffer.from('bot:p').toString('base64')}` } };
const basic = challenged('Basic realm="company"');
const page = { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>404 Not Found</html>' };

export const absenceExchanges: readonly Exchange[] = [
  ...[
    ['MANIFEST_UNKNOWN', 'manifest unknown', 'distribution-spec'],
    ['NOT_FOUND', 'artifact acme/shop:1 not found', 'Harbor'],
    ['TAG_EXPIRED', 'Tag was deleted or has expired', 'Quay, quay/clair#1554'],
    ['404', 'Not Found', 'registry.redhat.io'],
    ['UNKNOWN', 'Not Found', 'registry.redhat.io, containers/image'],
  ].map(([code = '', message, source = '']) => ({
    name: `404 ${code} is absent`,
    source,
    image,
    steps: [HEAD, [GET, refused(404, code, message)]] satisfies Step[],
    wanted: { absent: 'manifest', says: 'reg.test/acme/shop:1 is not in the registry' } as const,
  })),
  {
    name: '404 with a number as its code is absent',
    source: 'registry.redhat.io',
    image,
    steps: [HEAD, [GET, refused(404, 404, 'Not Found')]],
    wanted: { absent: 'manifest' },
  },
  {
    name: '404 NAME_UNKNOWN is a missing repository',
    source: 'distribution-spec',
    image,
    steps: [HEAD, [GET, refused(404, 'NAME_UNKNOWN')]],
    wanted: { absent: 'repository', says: 'reg.test has no image repository acme/shop; check its spelling' },
  },
  {
    name: '404 with DENIED is a denial',
    source: 'a failure is never absent',
    image,
    steps: [HEAD, [GET, refused(404, 'DENIED', 'not found')]],
    wanted: { failed: 'denied' },
  },
  {
    name: "a page's 404 is a failure when /v2/ is a page as well",
    source: 'ingress without a backend',
    image,
    steps: [HEAD, [GET, page], [PING, page]],
    wanted: { failed: 'malformed', says: 'a proxy may have answered' },
  },
  {
    name: "a page's 404 is a failure when /v2/ is some page with 200",
    source: 'single-page application',
    image,
    steps: [HEAD, [GET, page], [PING, { headers: { 'content-type': 'text/html' }, body: '<html></html>' }]],
    wanted: { failed: 'malformed', says: 'a proxy may have answered' },
  },
  {
    name: 'JSON that is not in the form of a registry proves nothing',
    source: 'API gateways',
    image,
    steps: [
      HEAD,
      [GET, { status: 404, body: '{"message": "no route"}' }],
      [PING, { status: 404, body: '{}' }],
    ],
    wanted: { failed: 'malformed', says: 'a proxy may have answered' },
  },
  ...Object.entries<Step[1]>({
    'a 200 with the version of the API': { headers: { 'docker-distribution-api-version': 'registry/2.0' } },
    'a 401 with the version of the API': {
      status: 401,
      headers: { 'docker-distribution-api-version': 'registry/2.0' },
    },
    'a 401 with a challenge': challenged('Bearer realm="https://auth.test/token"'),
    "a 401 with a registry's error": refused(401, 'UNAUTHORIZED'),
    'a 200 with an empty object': { body: ' {} \n' },
  }).map(([what, answer]) => ({
    name: `a 404 without JSON is absent when /v2/ gives ${what}`,
    source: 'distribution-spec, end-1',
    image,
    steps: [HEAD, [GET, page], [PING, answer]] satisfies Step[],
    wanted: { absent: 'manifest' } as const,
  })),
  ...Object.entries<Step[1]>({
    'a 200 with some JSON': { body: '{"status": "ok"}' },
    'a 401 with some JSON': { status: 401, body: '{"message": "No API key found in request"}' },
    'a 401 with a challenge of Basic': basic,
  }).map(([what, answer]) => ({
    name: `a 404 without JSON is a failure when /v2/ gives ${what}`,
    source: 'API gateways',
    image,
    steps: [HEAD, [GET, page], [PING, answer]] satisfies Step[],
    wanted: { failed: 'malformed', says: 'a proxy may have answered' } as const,
  })),
  ...['GATEWAY', 'UNKNOWN', '404'].map((code) => ({
    name: `404 ${code} that says of something else that it was not found proves nothing`,
    source: 'API gateways',
    image,
    steps: [HEAD, [GET, refused(404, code, 'upstream host not found')], [PING, page]] satisfies Step[],
    wanted: { failed: 'malformed', says: 'a proxy may have answered' } as const,
  })),
  {
    name: 'whoever lets us in has to be a registry behind its door',
    source: 'gateways with Basic',
    image,
    credentials,
    steps: [
      ['HEAD reg.test/v2/acme/shop/manifests/1', basic],
      ['HEAD reg.test/v2/acme/shop/manifests/1', { status: 404 }, asBot],
      [GET, page, asBot],
      [PING, page, asBot],
    ],
    wanted: { failed: 'malformed', says: 'a proxy may have answered' },
  },
  {
    name: 'another host that is to prove itself is shown no credentials',
    source: 'credentials stay with their origin',
    image,
    credentials,
    steps: [
      ['HEAD reg.test/v2/acme/shop/manifests/1', basic],
      ['HEAD reg.test/v2/acme/shop/manifests/1', { status: 404 }, asBot],
      [GET, { status: 307, headers: { location: 'https://cdn.test/x' } }, asBot],
      ['GET cdn.test/x', page],
      ['GET cdn.test/v2/', page],
    ],
    wanted: { failed: 'malformed', says: 'a proxy may have answered' },
  },
  {
    name: 'a registry that falls over while it is to prove itself is a failure',
    source: 'a failure is never absent',
    image,
    steps: [HEAD, [GET, page], [PING, { status: 500 }]],
    wanted: { failed: 'unavailable' },
  },
  ...[400, 405, 406, 418].map((status) => ({
    name: `GET ${status} is a failure`,
    source: 'a failure is never absent',
    image,
    steps: [HEAD, [GET, { status, body: 'no' }]] satisfies Step[],
    wanted: { failed: 'malformed', says: `reg.test answers ${status} for reg.test/acme/shop:1` } as const,
  })),
  {
    name: 'HEAD 406 is a failure',
    source: 'a failure is never absent',
    image,
    steps: [['HEAD reg.test/v2/acme/shop/manifests/1', { status: 406 }]],
    wanted: { failed: 'malformed', says: 'answers 406' },
  },
  {
    name: 'GET 403 is a denial, as for many missing images',
    source: 'GAR, Artifactory',
    image,
    steps: [HEAD, [GET, refused(403, 'DENIED')]],
    wanted: { failed: 'denied', says: 'private or does not exist' },
  },
];
