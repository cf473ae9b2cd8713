/** Challenges and bearer tokens, without credentials. */
import type { Exchange, Step } from '../../fixtures/registry/exchange.ts';
import { challenged, createImage, refused, served, token } from '../../fixtures/registry/responses.ts';

const image = 'reg.test/acme/shop:1';
const HEAD = 'HEAD reg.test/v2/acme/shop/manifests/1';
const SCOPE = 'repository%3Aacme%2Fshop%3Apull';
const REALM = 'realm="https://auth.test/token"';
const shop = createImage(null);
const found = { found: shop.digest };

const granted = token({ token: 't' });
const withToken = { headers: { authorization: 'Bearer t' } };
const authorized: Step = [HEAD, served(shop), withToken];

function refusedWith(challenge: string | readonly string[]): Step {
  return [HEAD, challenged(challenge)];
}

export const bearerExchanges: readonly Exchange[] = [
  {
    name: 'a public image that needs an anonymous token gets one, with Accept: application/json',
    source: 'GHCR; Artifactory answers 406 without Accept',
    image,
    steps: [
      refusedWith(`Bearer ${REALM},service="reg.test",scope="repository:acme/shop:pull"`),
      [
        `GET auth.test/token?service=reg.test&scope=${SCOPE}`,
        granted,
        { headers: { accept: 'application/json' } },
      ],
      authorized,
    ],
    wanted: found,
  },
  {
    name: 'Bearer and Basic on one line, with a scope that is none',
    source: 'Codeberg, Gitea',
    image,
    steps: [
      refusedWith(
        `Bearer ${REALM},service="container_registry",scope="*",Basic realm="Gitea Container Registry"`,
      ),
      [`GET auth.test/token?service=container_registry&scope=${SCOPE}`, granted],
      authorized,
    ],
    wanted: found,
  },
  {
    name: 'Bearer is taken when Basic comes on an earlier line',
    source: 'RFC 9110 11.6.1',
    image,
    steps: [
      refusedWith(['Basic realm="x"', `Bearer ${REALM}`]),
      [`GET auth.test/token?scope=${SCOPE}`, granted],
      authorized,
    ],
    wanted: found,
  },
  {
    name: 'an unknown scheme is passed over',
    source: 'RFC 9110 11.6.1',
    image,
    steps: [
      refusedWith(`Negotiate YIIab/c=, Bearer ${REALM}`),
      [`GET auth.test/token?scope=${SCOPE}`, granted],
      authorized,
    ],
    wanted: found,
  },
  {
    name: 'an empty service swallows nothing and is left out',
    source: 'ggcr, containers/image',
    image,
    steps: [
      refusedWith(`Bearer service="",${REALM}`),
      [`GET auth.test/token?scope=${SCOPE}`, granted],
      authorized,
    ],
    wanted: found,
  },
  {
    name: 'a missing service is left out',
    source: 'nvcr.io, renovate#17294',
    image,
    steps: [
      refusedWith(`Bearer ${REALM},scope="repository:acme/shop:pull"`),
      [`GET auth.test/token?scope=${SCOPE}`, granted],
      authorized,
    ],
    wanted: found,
  },
  {
    name: 'scheme and names in any case, values without quotes',
    source: 'RFC 9110 11.6.1',
    image,
    steps: [
      refusedWith('bEARER REALM=https://auth.test/token,Service=s'),
      [`GET auth.test/token?service=s&scope=${SCOPE}`, granted],
      authorized,
    ],
    wanted: found,
  },
  {
    name: 'the query of the realm and its comma are kept',
    source: 'credentials stay with their origin',
    image,
    steps: [
      refusedWith('Bearer realm="https://auth.test/token?account=a,b",service="s"'),
      [`GET auth.test/token?account=a%2Cb&service=s&scope=${SCOPE}`, granted],
      authorized,
    ],
    wanted: found,
  },
  {
    name: 'a relative realm is below the registry',
    source: 'credentials stay with their origin',
    image,
    steps: [
      refusedWith('Bearer realm="/token/"'),
      [`GET reg.test/token/?scope=${SCOPE}`, granted],
      authorized,
    ],
    wanted: found,
  },
  {
    name: 'a 401 without a challenge is explained by GET /v2/, whose scope is a placeholder',
    source: 'gcr.io containers/image#211, GHCR renovate#15686',
    image,
    steps: [
      [HEAD, { status: 401 }],
      ['GET reg.test/v2/', challenged(`Bearer ${REALM},service="s",scope="repository:user/image:pull"`)],
      [`GET auth.test/token?service=s&scope=${SCOPE}`, granted],
      authorized,
    ],
    wanted: found,
  },
  {
    name: 'a 401 that nothing explains is a denial',
    source: 'a failure is never absent',
    image,
    steps: [
      [HEAD, { status: 401 }],
      ['GET reg.test/v2/', { body: '{}' }],
    ],
    wanted: { failed: 'denied', says: 'does not say how to authenticate' },
  },
  {
    name: 'a token that is not enough is asked for once more, with the scope of the challenge first',
    source: 'ggcr bearer.go',
    image,
    steps: [
      refusedWith(`Bearer ${REALM}`),
      [`GET auth.test/token?scope=${SCOPE}`, granted],
      [HEAD, challenged(`Bearer ${REALM},scope="aws",error="insufficient_scope"`), withToken],
      [`GET auth.test/token?scope=aws&scope=${SCOPE}`, token({ token: 'wide' })],
      [HEAD, served(shop), { headers: { authorization: 'Bearer wide' } }],
    ],
    wanted: found,
  },
  {
    name: 'a token that is not enough although it has the scope is a denial at once',
    source: 'Docker Hub (private or missing repository)',
    image,
    steps: [
      refusedWith(`Bearer ${REALM}`),
      [`GET auth.test/token?scope=${SCOPE}`, granted],
      [
        HEAD,
        challenged(`Bearer ${REALM},scope="repository:acme/shop:pull",error="insufficient_scope"`),
        withToken,
      ],
    ],
    wanted: { failed: 'denied', says: 'without credentials: the image is private or does not exist' },
  },
  {
    name: 'a new token that is not valid yet is tried again after a pause',
    source: 'docker/hub-feedback#647',
    image,
    steps: [
      refusedWith(`Bearer ${REALM}`),
      [`GET auth.test/token?scope=${SCOPE}`, granted],
      [HEAD, challenged(`Bearer ${REALM},error="invalid_token"`), withToken],
      authorized,
    ],
    wanted: found,
  },
  {
    name: 'a new token that is refused twice is a denial, never absent',
    source: 'a failure is never absent',
    image,
    steps: [
      refusedWith(`Bearer ${REALM}`),
      [`GET auth.test/token?scope=${SCOPE}`, granted],
      [HEAD, challenged(`Bearer ${REALM}`), withToken],
      [HEAD, challenged(`Bearer ${REALM}`), withToken],
    ],
    wanted: { failed: 'denied', says: 'reg.test/acme/shop' },
  },
  {
    name: 'access_token goes before token',
    source: 'distribution spec/auth/token',
    image,
    steps: [
      refusedWith(`Bearer ${REALM}`),
      [`GET auth.test/token?scope=${SCOPE}`, token({ token: 'other', access_token: 't' })],
      authorized,
    ],
    wanted: found,
  },
  ...[401, 403].map((status) => ({
    name: `a token service that answers ${status} denies`,
    source: 'GHCR: missing and private images alike',
    image,
    steps: [
      refusedWith(`Bearer ${REALM}`),
      [`GET auth.test/token?scope=${SCOPE}`, refused(status, 'DENIED')] as const,
    ],
    wanted: {
      failed: 'denied',
      says: 'auth.test denies access to reg.test/acme/shop without credentials',
    } as const,
  })),
  ...['<html>', '{"token": ""}', '{"token": "two\\nlines"}', '[]'].map((body) => ({
    name: `a token service's ${JSON.stringify(body)} is no token`,
    source: 'bad JSON',
    image,
    steps: [refusedWith(`Bearer ${REALM}`), [`GET auth.test/token?scope=${SCOPE}`, { body }] as const],
    wanted: { failed: 'malformed', says: 'answers without a token' } as const,
  })),
  {
    name: 'a token service that is not there is a failure',
    source: 'a failure is never absent',
    image,
    steps: [refusedWith(`Bearer ${REALM}`), [`GET auth.test/token?scope=${SCOPE}`, { status: 404 }]],
    wanted: { failed: 'malformed', says: 'auth.test, the token service of reg.test, answers 404' },
  },
  {
    name: 'a challenge of Basic alone is a denial without credentials',
    source: 'zot, Nexus',
    image,
    steps: [refusedWith('Basic realm="zot"')],
    wanted: { failed: 'denied', says: 'without credentials' },
  },
  {
    name: 'a realm that is no URL is a failure',
    source: 'credentials stay with their origin',
    image,
    steps: [refusedWith('Bearer realm="https://[x"')],
    wanted: { failed: 'malformed', says: 'token service whose address is not a URL' },
  },
  ...[
    ['http://auth.test/token', 'over http'],
    ['https://10.0.0.1/token', 'the internal address 10.0.0.1'],
    ['https://169.254.169.254/latest', 'the internal address 169.254.169.254'],
    ['https://127.0.0.1:8080/', 'the internal address 127.0.0.1:8080'],
    ['https://[fd00::1]/token', 'the internal address [fd00::1]'],
    ['https://0x0a000001/token', 'the internal address 10.0.0.1'],
    ['https://[::127.0.0.1]/token', 'the internal address [::7f00:1]'],
    ['https://[::ffff:10.0.0.1]/token', 'the internal address [::ffff:a00:1]'],
    ['https://[::ffff:0:127.0.0.1]/token', 'the internal address [::ffff:0:7f00:1]'],
    ['https://[64:ff9b:1::a9fe:a9fe]/token', 'the internal address [64:ff9b:1::a9fe:a9fe]'],
    ['https://[2002:a9fe:a9fe::1]/token', 'the internal address [2002:a9fe:a9fe::1]'],
    ['https://[fec0::1]/token', 'the internal address [fec0::1]'],
    ['https://localhost/token', 'the internal address localhost'],
    ['file:///etc/passwd', 'not http'],
  ].map(([realm, says = '']) => ({
    name: `the realm ${realm} is not asked`,
    source: 'ggcr validateRealmURL',
    image,
    steps: [refusedWith(`Bearer realm="${realm}"`)],
    wanted: { failed: 'malformed', says } as const,
  })),
];
