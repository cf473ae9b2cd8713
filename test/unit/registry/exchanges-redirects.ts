/** Redirects: where they may lead, and what goes along. */
import { createPasswordCredential } from '../../../src/registry/credentials/credential.ts';
import type { Exchange, Step } from '../../fixtures/registry/exchange.ts';
import { challenged, createImage, served, token } from '../../fixtures/registry/responses.ts';

const image = 'reg.test/acme/shop:1';
const HEAD = 'HEAD reg.test/v2/acme/shop/manifests/1';
const shop = createImage(null);
const found = { found: shop.digest };

function redirect(location: string, status = 307): Step[1] {
  return { status, headers: { location } };
}

const asBot = { headers: { authorization: `Basic ${Buffer.from('bot:pw').toString('base64')}` } };
const credentials = [{ key: 'reg.test', credential: createPasswordCredential('bot', 'pw', 'a test') }];

export const redirectExchanges: readonly Exchange[] = [
  ...[301, 302, 303, 307, 308].map((status) => ({
    name: `${status} is followed`,
    source: 'RFC 9110 15.4',
    image,
    steps: [
      [HEAD, redirect('https://cdn.test/m', status)],
      ['HEAD cdn.test/m', served(shop)],
    ] satisfies Step[],
    wanted: found,
  })),
  {
    name: 'Authorization stays with its host',
    source: 'distribution-spec',
    image,
    credentials,
    steps: [
      [HEAD, challenged('Basic realm="x"')],
      [HEAD, redirect('https://cdn.test/m'), asBot],
      ['HEAD cdn.test/m', served(shop)],
    ],
    wanted: found,
  },
  {
    name: 'Authorization stays with its port',
    source: 'distribution-spec',
    image,
    credentials,
    steps: [
      [HEAD, challenged('Basic realm="x"')],
      [HEAD, redirect('https://reg.test:8443/m'), asBot],
      ['HEAD reg.test:8443/m', served(shop)],
    ],
    wanted: found,
  },
  {
    name: 'Authorization goes along on the same host',
    source: 'distribution-spec',
    image,
    credentials,
    steps: [
      [HEAD, challenged('Basic realm="x"')],
      [HEAD, redirect('/v2/acme/other/manifests/1'), asBot],
      ['HEAD reg.test/v2/acme/other/manifests/1', served(shop), asBot],
    ],
    wanted: found,
  },
  {
    name: "the other host's own challenge is answered with an anonymous token of that host",
    source: 'ggcr#2359',
    image,
    credentials,
    steps: [
      [HEAD, redirect('https://mirror.test/v2/m/manifests/1')],
      [
        'HEAD mirror.test/v2/m/manifests/1',
        challenged('Bearer realm="https://mirror.test/token",service="m",scope="repository:m:pull"'),
      ],
      ['GET mirror.test/token?service=m&scope=repository%3Am%3Apull', token({ token: 't' })],
      ['HEAD mirror.test/v2/m/manifests/1', served(shop), { headers: { authorization: 'Bearer t' } }],
    ],
    wanted: found,
  },
  {
    name: "the other host's challenge is not answered with our credentials",
    source: 'distribution-spec',
    image,
    credentials,
    steps: [
      [HEAD, redirect('https://mirror.test/m')],
      ['HEAD mirror.test/m', challenged('Basic realm="mirror"')],
      ['GET reg.test/v2/', { body: '{}' }],
    ],
    wanted: { failed: 'denied', says: 'does not say how to authenticate' },
  },
  {
    name: "a challenge to which /v2/ redirects is not the registry's",
    source: 'distribution-spec',
    image,
    credentials,
    steps: [
      [HEAD, { status: 401 }],
      ['GET reg.test/v2/', redirect('https://login.test/')],
      ['GET login.test/', challenged('Basic realm="login"')],
    ],
    wanted: { failed: 'denied', says: 'does not say how to authenticate' },
  },
  {
    name: 'a login page to which the list of tags redirects proves nothing',
    source: 'a failure is never absent',
    image,
    steps: [
      [HEAD, { status: 404 }],
      ['GET reg.test/v2/acme/shop/manifests/1', { status: 404, body: 'no' }],
      ['GET reg.test/v2/acme/shop/tags/list', redirect('https://login.test/')],
      ['GET login.test/', { body: '<html>log in</html>' }],
    ],
    wanted: { failed: 'malformed', says: 'may come from a proxy' },
  },
  {
    name: "a page's 404 of another host is no registry's word",
    source: 'a failure is never absent',
    image,
    steps: [
      [HEAD, { status: 404 }],
      ['GET reg.test/v2/acme/shop/manifests/1', redirect('https://cdn.test/m')],
      ['GET cdn.test/m', { status: 404, body: '<Error/>' }],
      ['GET reg.test/v2/acme/shop/tags/list', { status: 403, body: '<Error/>' }],
    ],
    wanted: { failed: 'malformed', says: 'may come from a proxy' },
  },
  {
    name: 'five redirects are followed',
    source: 'credentials stay with their origin',
    image,
    steps: [
      [HEAD, redirect('https://reg.test/1')],
      ...[1, 2, 3, 4].map((n) => [`HEAD reg.test/${n}`, redirect(`/${n + 1}`)] as const),
      ['HEAD reg.test/5', served(shop)],
    ],
    wanted: found,
  },
  {
    name: 'six are not',
    source: 'credentials stay with their origin',
    image,
    steps: [
      [HEAD, redirect('https://reg.test/1')],
      ...[1, 2, 3, 4, 5].map((n) => [`HEAD reg.test/${n}`, redirect(`/${n + 1}`)] as const),
    ],
    wanted: { failed: 'malformed', says: 'reg.test redirects without end' },
  },
  {
    name: 'a redirect without a location is a failure',
    source: 'RFC 9110 15.4',
    image,
    steps: [[HEAD, { status: 307 }]],
    wanted: { failed: 'malformed', says: 'answers 307' },
  },
  ...[
    ['http://reg.test/m', 'over http, away from https'],
    ['http://cdn.test/m', 'over http, away from https'],
    ['https://10.1.2.3/m', 'internal address'],
    ['https://172.16.0.1/m', 'internal address'],
    ['https://192.168.1.1:8443/m', 'internal address'],
    ['https://169.254.169.254/latest/meta-data', 'internal address'],
    ['https://127.0.0.1/m', 'internal address'],
    ['https://[::1]/m', 'internal address'],
    ['https://[fe80::1]/m', 'internal address'],
    ['https://[::ffff:10.0.0.1]/m', 'internal address'],
    ['https://2130706433/m', 'internal address'],
    ['https://x.localhost/m', 'internal address'],
    ['ftp://cdn.test/m', 'not http'],
    ['https://[', 'invalid URL'],
  ].map(([location = '', says = '']) => ({
    name: `a redirect to ${location} is not followed`,
    source: 'ggcr validateRealmURL',
    image,
    steps: [[HEAD, redirect(location)]] satisfies Step[],
    wanted: { failed: 'malformed', says } as const,
  })),
  {
    name: 'an internal address that is the registry itself is followed',
    source: 'credentials stay with their origin',
    image: '10.0.0.5:5000/acme/shop:1',
    steps: [
      ['HEAD 10.0.0.5:5000/v2/acme/shop/manifests/1', redirect('https://10.0.0.5:5000/m')],
      ['HEAD 10.0.0.5:5000/m', served(shop)],
    ],
    wanted: found,
  },
  {
    name: 'another port of an internal registry is not',
    source: 'credentials stay with their origin',
    image: '10.0.0.5:5000/acme/shop:1',
    steps: [['HEAD 10.0.0.5:5000/v2/acme/shop/manifests/1', redirect('https://10.0.0.5:9000/m')]],
    wanted: { failed: 'malformed', says: 'list 10.0.0.5:9000 under registries' },
  },
  {
    name: 'an internal address that the configuration lists is followed',
    source: 'an escape, said in the message',
    image: '10.0.0.5:5000/acme/shop:1',
    registries: { '10.0.0.5:9000': {} },
    steps: [
      ['HEAD 10.0.0.5:5000/v2/acme/shop/manifests/1', redirect('https://10.0.0.5:9000/m')],
      ['HEAD 10.0.0.5:9000/m', served(shop)],
    ],
    wanted: found,
  },
  {
    name: 'loopback may send to loopback',
    source: 'credentials stay with their origin',
    image: 'localhost:5000/shop:1',
    steps: [
      ['HEAD localhost:5000/v2/shop/manifests/1', redirect('http://127.0.0.1:5001/m')],
      ['HEAD 127.0.0.1:5001/m', served(shop)],
    ],
    wanted: found,
  },
  {
    name: 'loopback may not send to another internal address',
    source: 'credentials stay with their origin',
    image: 'localhost:5000/shop:1',
    steps: [['HEAD localhost:5000/v2/shop/manifests/1', redirect('https://10.0.0.1/m')]],
    wanted: { failed: 'malformed', says: 'internal address' },
  },
  {
    name: 'a registry that is set to http may not send to another host over http',
    source: 'no HTTP that is not asked for',
    image: 'reg.test:5000/shop:1',
    registries: { 'reg.test:5000': { http: true } },
    steps: [['HEAD reg.test:5000/v2/shop/manifests/1', redirect('http://cdn.test/m')]],
    wanted: { failed: 'malformed', says: 'set registries.cdn.test.http to true' },
  },
];
