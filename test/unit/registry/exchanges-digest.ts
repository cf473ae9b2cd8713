/** Digests: what HEAD may say and what only GET may. */
import type { Exchange } from '../../fixtures/registry/exchange.ts';
import {
  createImage,
  createIndex,
  entry,
  OCI_IMAGE,
  SCHEMA_1,
  served,
  servedBare,
  sha256,
  sha512,
} from '../../fixtures/registry/responses.ts';

const image = 'reg.test/acme/shop:1';
const HEAD = 'HEAD reg.test/v2/acme/shop/manifests/1';
const GET = 'GET reg.test/v2/acme/shop/manifests/1';

const amd64 = createImage(null, 'amd64');
const index = createIndex(entry(amd64));

const ACCEPT =
  'application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, ' +
  'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json';

export const digestExchanges: readonly Exchange[] = [
  {
    name: 'one HEAD with every media type on one line is enough',
    source: 'mulgadc/spinifex#399, sapcc/keppel#181, distribution-spec#207',
    image,
    steps: [[HEAD, served(index), { headers: { accept: ACCEPT } }]],
    wanted: { found: index.digest },
  },
  {
    name: 'Docker Hub is asked at its API host, with library/ before an official image',
    source: 'distribution/reference',
    image: 'nginx',
    steps: [['HEAD registry-1.docker.io/v2/library/nginx/manifests/latest', served(index)]],
    wanted: { found: index.digest },
  },
  {
    name: 'parameters of Content-Type are left aside',
    source: 'distribution-spec',
    image,
    steps: [[HEAD, served(index, { 'content-type': `${index.mediaType}; charset=utf-8` })]],
    wanted: { found: index.digest },
  },
  {
    name: 'a sha512 digest is one',
    source: 'distribution-spec',
    image,
    steps: [[HEAD, served(index, { 'docker-content-digest': sha512(index.body) })]],
    wanted: { found: sha512(index.body) },
  },
  {
    name: 'without the header the digest is that of the bytes',
    source: 'regclient#363, distribution#2384, distribution#3848',
    image,
    steps: [
      [HEAD, servedBare(index)],
      [GET, servedBare(index), { headers: { accept: ACCEPT } }],
    ],
    wanted: { found: index.digest },
  },
  {
    name: 'a bare hash in the header is no digest, on HEAD or on GET',
    source: 'kaniko#298',
    image,
    steps: [
      [HEAD, served(index, { 'docker-content-digest': index.digest.slice(7) })],
      [GET, served(index, { 'docker-content-digest': index.digest.slice(7) })],
    ],
    wanted: { found: index.digest },
  },
  {
    name: 'upper-case hex in the header is no digest',
    source: 'OCI image-spec, descriptor.md',
    image,
    steps: [
      [HEAD, served(index, { 'docker-content-digest': index.digest.toUpperCase().replace('SHA', 'sha') })],
      [GET, servedBare(index)],
    ],
    wanted: { found: index.digest },
  },
  {
    name: 'a GET whose header differs from its bytes is a failure',
    source: 'only what can be pulled is pinned',
    image,
    steps: [
      [HEAD, servedBare(index)],
      [GET, served(index, { 'docker-content-digest': sha256('other') })],
    ],
    wanted: { failed: 'malformed', says: 'does not match its digest' },
  },
  ...[400, 403, 404, 405, 501].map((status) => ({
    name: `after HEAD ${status} a GET finds the image`,
    source: 'containerd resolver.go, docker-registry-util#3, containerd#6684, watchtower#669',
    image,
    steps: [[HEAD, { status }] as const, [GET, served(index)] as const],
    wanted: { found: index.digest },
  })),
  {
    name: 'schema 1 on HEAD is refused',
    source: 'ggcr remote/fetcher.go',
    image,
    steps: [[HEAD, served(index, { 'content-type': SCHEMA_1 })]],
    wanted: { failed: 'malformed', says: 'schema 1' },
  },
  {
    name: 'schema 1 that is served as text/plain is refused',
    source: 'containerd (old Red Hat registries)',
    image,
    steps: [
      [HEAD, served(index, { 'content-type': 'text/plain' })],
      [GET, { headers: { 'content-type': 'text/plain' }, body: '{"schemaVersion": 1, "fsLayers": []}' }],
    ],
    wanted: { failed: 'malformed', says: 'schema 1' },
  },
  {
    name: 'a static store that knows no media type serves an image all the same',
    source: 'distribution#2384',
    image,
    steps: [
      [HEAD, { headers: { 'content-type': 'binary/octet-stream' } }],
      [GET, { headers: { 'content-type': 'binary/octet-stream' }, body: amd64.body }],
    ],
    wanted: { found: amd64.digest },
  },
  {
    name: 'a page that is served with 200 is no image',
    source: 'a proxy that wants a login',
    image,
    steps: [
      [HEAD, { headers: { 'content-type': 'text/html' } }],
      [GET, { headers: { 'content-type': 'text/html' }, body: '<html>log in</html>' }],
    ],
    wanted: { failed: 'malformed', says: 'not a JSON object' },
  },
  {
    name: 'JSON of another shape is no image, whatever it is called',
    source: 'bad JSON',
    image,
    steps: [
      [HEAD, { headers: { 'content-type': OCI_IMAGE } }],
      [GET, { headers: { 'content-type': OCI_IMAGE }, body: '{"hello": "world"}' }],
    ],
    wanted: { failed: 'malformed', says: 'neither a manifest nor an index' },
  },
  {
    name: 'a reference by digest is answered with that digest',
    source: 'the digest wins over the tag',
    image: `reg.test/acme/shop:1@${index.digest}`,
    steps: [[`HEAD reg.test/v2/acme/shop/manifests/${index.digest}`, served(index)]],
    wanted: { found: index.digest },
  },
  {
    name: 'a reference by digest that is answered with another one is a failure',
    source: 'only what can be pulled is pinned',
    image: `reg.test/acme/shop@${amd64.digest}`,
    steps: [[`HEAD reg.test/v2/acme/shop/manifests/${amd64.digest}`, served(index)]],
    wanted: { failed: 'malformed', says: 'does not match its digest' },
  },
  {
    name: 'a sha512 reference that is answered with a sha256 header is checked against the bytes',
    source: 'OCI image-spec, descriptor.md',
    image: `reg.test/acme/shop@${sha512(index.body)}`,
    steps: [
      [`HEAD reg.test/v2/acme/shop/manifests/${sha512(index.body)}`, served(index)],
      [`GET reg.test/v2/acme/shop/manifests/${sha512(index.body)}`, served(index)],
    ],
    wanted: { found: sha512(index.body) },
  },
  {
    name: 'a reference by digest whose bytes are others is a failure',
    source: 'only what can be pulled is pinned',
    image: `reg.test/acme/shop@${amd64.digest}`,
    steps: [
      [`HEAD reg.test/v2/acme/shop/manifests/${amd64.digest}`, servedBare(amd64)],
      [`GET reg.test/v2/acme/shop/manifests/${amd64.digest}`, servedBare(index)],
    ],
    wanted: { failed: 'malformed', says: 'does not match its digest' },
  },
];
