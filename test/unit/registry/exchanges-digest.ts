/** Digests: what HEAD may say and what only GET may (facts of the field, section 1). */
import type { Exchange } from './exchange.ts';
import {
  createImage,
  createIndex,
  DOCKER_IMAGE,
  entry,
  OCI_IMAGE,
  SCHEMA_1,
  served,
  servedBare,
  sha256,
  sha512,
} from './images.ts';

const image = 'reg.test/acme/shop:1';
const HEAD = 'HEAD reg.test/v2/acme/shop/manifests/1';
const GET = 'GET reg.test/v2/acme/shop/manifests/1';

const amd64 = createImage(null, 'amd64');
const arm64 = createImage(null, 'arm64');
const armv7 = createImage(null, 'armv7');
const attestation = createImage(null, 'attestation');
const index = createIndex(
  entry(attestation, { os: 'unknown', architecture: 'unknown' }),
  entry(
    attestation,
    { os: 'linux', architecture: 'arm64' },
    {
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
    },
  ),
  entry(amd64),
  entry(arm64, { os: 'linux', architecture: 'aarch64', variant: 'v8' }),
  entry(armv7, { os: 'linux', architecture: 'arm', variant: 'v7' }),
);
const nested = createIndex(entry(index));
const deep = [1, 2, 3].reduce((inner) => createIndex(entry(inner)), nested);

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
    source: 'facts 1',
    image,
    steps: [[HEAD, served(index, { 'content-type': `${index.mediaType}; charset=utf-8` })]],
    wanted: { found: index.digest },
  },
  {
    name: 'a sha512 digest is one',
    source: 'facts 1',
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
    source: 'facts 1, step 3',
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
    source: 'facts 4 (a proxy that wants a login)',
    image,
    steps: [
      [HEAD, { headers: { 'content-type': 'text/html' } }],
      [GET, { headers: { 'content-type': 'text/html' }, body: '<html>log in</html>' }],
    ],
    wanted: { failed: 'malformed', says: 'not a JSON object' },
  },
  {
    name: 'JSON of another shape is no image, whatever it is called',
    source: 'facts 4 (bad JSON)',
    image,
    steps: [
      [HEAD, { headers: { 'content-type': OCI_IMAGE } }],
      [GET, { headers: { 'content-type': OCI_IMAGE }, body: '{"hello": "world"}' }],
    ],
    wanted: { failed: 'malformed', says: 'neither a manifest nor an index' },
  },
  {
    name: 'a reference by digest is answered with that digest',
    source: 'facts 3 (the digest wins over the tag)',
    image: `reg.test/acme/shop:1@${index.digest}`,
    steps: [[`HEAD reg.test/v2/acme/shop/manifests/${index.digest}`, served(index)]],
    wanted: { found: index.digest },
  },
  {
    name: 'a reference by digest that is answered with another one is a failure',
    source: 'facts 1, step 3',
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
    source: 'facts 1, step 3',
    image: `reg.test/acme/shop@${amd64.digest}`,
    steps: [
      [`HEAD reg.test/v2/acme/shop/manifests/${amd64.digest}`, servedBare(amd64)],
      [`GET reg.test/v2/acme/shop/manifests/${amd64.digest}`, servedBare(index)],
    ],
    wanted: { failed: 'malformed', says: 'does not match its digest' },
  },
  {
    name: 'a platform is chosen from the index; attestations are no platform, aarch64 v8 is arm64',
    source: 'docker/buildx#1509, regclient platform',
    image,
    platform: 'linux/arm64',
    steps: [[GET, served(index)]],
    wanted: { found: arm64.digest },
  },
  {
    name: 'arm is arm/v7',
    source: 'regclient platform',
    image,
    platform: 'linux/arm',
    steps: [[GET, served(index)]],
    wanted: { found: armv7.digest },
  },
  {
    name: 'an entry without a platform is linux/amd64',
    source: 'ggcr remote/index.go',
    image,
    platform: 'linux/x86_64',
    steps: [[GET, servedBare(index)]],
    wanted: { found: amd64.digest },
  },
  {
    name: 'a platform that the index does not hold is absent',
    source: 'facts 1',
    image,
    platform: 'linux/s390x',
    steps: [[GET, served(index)]],
    wanted: { absent: 'manifest', says: 'linux/s390x' },
  },
  {
    name: 'an index inside an index is opened',
    source: 'facts 1 (nested indexes)',
    image,
    platform: 'linux/arm64',
    steps: [
      [GET, served(nested)],
      [`GET reg.test/v2/acme/shop/manifests/${index.digest}`, served(index)],
    ],
    wanted: { found: arm64.digest },
  },
  {
    name: 'indexes are not opened without end',
    source: 'facts 1 (depth limit)',
    image,
    platform: 'linux/arm64',
    steps: [
      deep,
      ...[2, 1].map((n) => [1, 2, 3].slice(0, n).reduce((inner) => createIndex(entry(inner)), nested)),
      nested,
    ].map(
      (level, i) =>
        [i === 0 ? GET : `GET reg.test/v2/acme/shop/manifests/${level.digest}`, served(level)] as const,
    ),
    wanted: { failed: 'malformed', says: 'too deeply' },
  },
  {
    name: 'an image that is no index is taken as it is when a platform is asked for',
    source: 'crane digest',
    image,
    platform: 'linux/arm64',
    steps: [[GET, served({ ...amd64, mediaType: DOCKER_IMAGE })]],
    wanted: { found: amd64.digest },
  },
  {
    name: 'an index whose header differs from its bytes is not opened',
    source: 'facts 1, step 3',
    image,
    platform: 'linux/arm64',
    steps: [[GET, served(index, { 'docker-content-digest': sha256('other') })]],
    wanted: { failed: 'malformed', says: 'does not match its digest' },
  },
];
