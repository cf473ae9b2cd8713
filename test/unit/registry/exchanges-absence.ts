/** What a 404 means. Nothing but a registry's own word makes an image absent. */
import { createPasswordCredential } from '../../../src/registry/credentials/credential.ts';
import type { Answer } from '../../fixtures/network/scripted-server.ts';
import type { Exchange, Step } from '../../fixtures/registry/exchange.ts';
import { challenged, refused } from '../../fixtures/registry/responses.ts';

const image = 'reg.test/acme/shop:1';
const HEAD: Step = ['HEAD reg.test/v2/acme/shop/manifests/1', { status: 404 }];
const GET = 'GET reg.test/v2/acme/shop/manifests/1';
const TAGS = 'GET reg.test/v2/acme/shop/tags/list';
const list = (tags: unknown, headers: Record<string, string> = {}): Answer => ({
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ name: 'acme/shop', tags }),
});
const credentials = [{ key: 'reg.test', credential: createPasswordCredential('bot', 'p', 'configuration') }];
const asBot = { headers: { authorization: `Basic ${Buffer.from('bot:p').toString('base64')}` } };
const basic = challenged('Basic realm="company"');
const DIGEST = `sha256:${'a'.repeat(64)}`;
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
    wanted: { absent: 'repository', says: 'reg.test has no image repository acme/shop; check the spelling' },
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
    steps: [HEAD, [GET, page], [TAGS, page]],
    wanted: { failed: 'malformed', says: 'may come from a proxy' },
  },
  {
    name: "a page's 404 is a failure when /v2/ is some page with 200",
    source: 'single-page application',
    image,
    steps: [HEAD, [GET, page], [TAGS, { headers: { 'content-type': 'text/html' }, body: '<html></html>' }]],
    wanted: { failed: 'malformed', says: 'may come from a proxy' },
  },
  {
    name: 'JSON that is not in the form of a registry proves nothing',
    source: 'API gateways',
    image,
    steps: [
      HEAD,
      [GET, { status: 404, body: '{"message": "no route"}' }],
      [TAGS, { status: 404, body: '{}' }],
    ],
    wanted: { failed: 'malformed', says: 'may come from a proxy' },
  },
  ...Object.entries<Answer>({
    'that is empty': list([]),
    'that is null': list(null),
    'of others': list(['2', '10', '1-dev', 'v1']),
  }).map(([what, answer]) => ({
    name: `a 404 that is a page is absent when there is a list of tags ${what}`,
    source: 'Nexus, distribution-spec end-8',
    image,
    steps: [HEAD, [GET, page], [TAGS, answer]] satisfies Step[],
    wanted: { absent: 'manifest', says: 'reg.test/acme/shop:1 is not in the registry' } as const,
  })),
  {
    name: 'a 404 that is a page is a failure when the tag is listed all the same',
    source: 'a proxy that lost its route to manifests',
    image,
    steps: [HEAD, [GET, page], [TAGS, list(['2', '1'])]],
    wanted: { failed: 'malformed', says: 'answers 404 for reg.test/acme/shop:1 but lists the tag' },
  },
  {
    name: 'a 404 that is a page is a missing repository when the list of tags says so',
    source: 'distribution-spec end-8',
    image,
    steps: [HEAD, [GET, page], [TAGS, refused(404, 'NAME_UNKNOWN')]],
    wanted: { absent: 'repository', says: 'reg.test has no image repository acme/shop' },
  },
  {
    name: 'a list of tags is read to its last page',
    source: 'distribution-spec end-8b',
    image,
    steps: [
      HEAD,
      [GET, page],
      [TAGS, list(['0'], { link: '</v2/acme/shop/tags/list?last=0&n=1>; rel="next"' })],
      [`${TAGS}?last=0&n=1`, list(['01'], { link: '<https://other.test/x?last=01&n=1>; rel=next' })],
      [`${TAGS}?last=01&n=1`, list(['1'])],
    ],
    wanted: { failed: 'malformed', says: 'but lists the tag' },
  },
  ...Object.entries<Answer>({
    'with a link that leads nowhere': list(['0'], { link: '<>; rel="next"' }),
    'with a link of another kind': list(['0'], { link: '</x?y=1>; rel="last"' }),
    'that is no list': list('1'),
    'of numbers': list([2, 3]),
    'without a name': { body: '{"tags": []}' },
    'as some JSON': { body: '{"status": "ok"}' },
    'that is denied': refused(403, 'DENIED'),
    'that is not offered': refused(405, 'UNSUPPORTED'),
    'that is missing without a word': { status: 404, body: '{}' },
    'of too many bytes': { body: Buffer.alloc(4 * 1024 * 1024 + 1, 0x20) },
  }).map(([what, answer]) => ({
    name: `a 404 that is a page is a failure when there is a list of tags ${what}`,
    source: 'a failure is never absent',
    image,
    steps: [HEAD, [GET, page], [TAGS, answer]] satisfies Step[],
    wanted: { failed: 'malformed', says: 'may come from a proxy' } as const,
  })),
  {
    name: 'a list of tags without end is a failure',
    source: 'hostile answers',
    image,
    steps: [
      HEAD,
      [GET, page],
      ...Array.from({ length: 20 }, (_, i): Step => [
        i === 0 ? TAGS : `${TAGS}?last=${i}`,
        list(['0'], { link: `<?last=${i + 1}>; rel="next"` }),
      ]),
    ],
    wanted: { failed: 'malformed', says: 'may come from a proxy' },
  },
  {
    name: 'a digest is in no list, so that a page proves nothing of it',
    source: 'a failure is never absent',
    image: `reg.test/acme/shop@${DIGEST}`,
    steps: [
      [`HEAD reg.test/v2/acme/shop/manifests/${DIGEST}`, { status: 404 }],
      [`GET reg.test/v2/acme/shop/manifests/${DIGEST}`, page],
    ],
    wanted: { failed: 'malformed', says: 'may come from a proxy' },
  },
  {
    name: 'NOT_FOUND of something else proves nothing',
    source: 'API gateways',
    image,
    steps: [HEAD, [GET, refused(404, 'NOT_FOUND', 'no route matched')], [TAGS, page]],
    wanted: { failed: 'malformed', says: 'may come from a proxy' },
  },
  ...['GATEWAY', 'UNKNOWN', '404'].map((code) => ({
    name: `404 ${code} that says of something else that it was not found proves nothing`,
    source: 'API gateways',
    image,
    steps: [HEAD, [GET, refused(404, code, 'upstream host not found')], [TAGS, page]] satisfies Step[],
    wanted: { failed: 'malformed', says: 'may come from a proxy' } as const,
  })),
  {
    name: 'the list of tags is asked for with what opened the repository',
    source: 'gateways with Basic',
    image,
    credentials,
    steps: [
      ['HEAD reg.test/v2/acme/shop/manifests/1', basic],
      ['HEAD reg.test/v2/acme/shop/manifests/1', { status: 404 }, asBot],
      [GET, page, asBot],
      [TAGS, page, asBot],
    ],
    wanted: { failed: 'malformed', says: 'may come from a proxy' },
  },
  {
    name: 'a 404 of another host is asked about at the registry itself',
    source: 'credentials stay with their origin',
    image,
    credentials,
    steps: [
      ['HEAD reg.test/v2/acme/shop/manifests/1', basic],
      ['HEAD reg.test/v2/acme/shop/manifests/1', { status: 404 }, asBot],
      [GET, { status: 307, headers: { location: 'https://cdn.test/x' } }, asBot],
      ['GET cdn.test/x', page],
      [TAGS, page, asBot],
    ],
    wanted: { failed: 'malformed', says: 'may come from a proxy' },
  },
  {
    name: 'a registry that falls over while it is asked for its tags is a failure',
    source: 'a failure is never absent',
    image,
    steps: [HEAD, [GET, page], [TAGS, { status: 500 }]],
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
