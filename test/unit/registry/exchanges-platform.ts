/** From an index to one platform. */
import type { Exchange, Step } from '../../fixtures/registry/exchange.ts';
import {
  createImage,
  createIndex,
  DOCKER_IMAGE,
  entry,
  served,
  servedBare,
  sha256,
  type Content,
} from '../../fixtures/registry/responses.ts';

const image = 'reg.test/acme/shop:1';
const GET = 'GET reg.test/v2/acme/shop/manifests/1';

const amd64 = createImage(null, 'amd64');
const arm64 = createImage(null, 'arm64');
const armv7 = createImage(null, 'armv7');
const attestation = createImage(null, 'attestation');
const at = ({ digest }: Content) => `GET reg.test/v2/acme/shop/manifests/${digest}`;
const configOf = ({ config }: { config: string }): Step => [
  `GET reg.test/v2/acme/shop/blobs/${sha256(config)}`,
  { body: config },
];
/** The index does not say what it is for. */
const LOOK_AT_AMD64: readonly Step[] = [[at(amd64), served(amd64)], configOf(amd64)];
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
const beside = createIndex(entry(index), entry(arm64, { os: 'linux', architecture: 'arm64' }));
const lying = createIndex(entry({ ...amd64, mediaType: index.mediaType }));
const armOnly = createIndex(entry(arm64, { os: 'linux', architecture: 'arm64' }));
const many = createIndex(...Array.from({ length: 1000 }, () => entry(armOnly)));
const few = createIndex(...Array.from({ length: 4 }, () => entry(armOnly)));
const deep = [1, 2, 3].reduce((inner) => createIndex(entry(inner)), nested);

export const platformExchanges: readonly Exchange[] = [
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
    name: 'an image that names its platform nowhere is for linux/amd64',
    source: 'ggcr remote/index.go',
    image,
    platform: 'linux/x86_64',
    steps: [[GET, servedBare(index)], ...LOOK_AT_AMD64],
    wanted: { found: amd64.digest },
  },
  {
    name: 'a platform that the index does not hold is absent',
    source: 'distribution-spec',
    image,
    platform: 'linux/s390x',
    steps: [[GET, served(index)], ...LOOK_AT_AMD64],
    wanted: { absent: 'manifest', says: 'linux/s390x' },
  },
  {
    name: 'an index inside an index is opened',
    source: 'nested indexes',
    image,
    platform: 'linux/arm64',
    steps: [
      [GET, served(nested)],
      [`GET reg.test/v2/acme/shop/manifests/${index.digest}`, served(index)],
    ],
    wanted: { found: arm64.digest },
  },
  {
    name: 'an image where the index says that there is an index is a failure',
    source: 'OCI image-spec, image-index.md',
    image,
    platform: 'linux/arm64',
    steps: [
      [GET, served(lying)],
      [`GET reg.test/v2/acme/shop/manifests/${amd64.digest}`, served(amd64)],
    ],
    wanted: { failed: 'malformed', says: 'another type' },
  },
  {
    name: 'no index is opened when the image stands beside it',
    source: 'nested indexes',
    image,
    platform: 'linux/arm64',
    steps: [[GET, served(beside)]],
    wanted: { found: arm64.digest },
  },
  {
    name: 'of many indexes inside one only a few are opened, which says nothing of the others',
    source: 'hostile answers',
    image,
    platform: 'linux/s390x',
    steps: [
      [GET, served(many)],
      ...[1, 2, 3, 4].map(
        () => [`GET reg.test/v2/acme/shop/manifests/${armOnly.digest}`, served(armOnly)] as const,
      ),
    ],
    wanted: { failed: 'malformed', says: 'has an index with more than 4 indexes' },
  },
  {
    name: 'a platform that none of a few indexes inside one holds is absent',
    source: 'nested indexes',
    image,
    platform: 'linux/s390x',
    steps: [
      [GET, served(few)],
      ...[1, 2, 3, 4].map(
        () => [`GET reg.test/v2/acme/shop/manifests/${armOnly.digest}`, served(armOnly)] as const,
      ),
    ],
    wanted: { absent: 'manifest', says: 'linux/s390x' },
  },
  {
    name: 'indexes are not opened without end',
    source: 'depth limit',
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
    source: 'only what can be pulled is pinned',
    image,
    platform: 'linux/arm64',
    steps: [[GET, served(index, { 'docker-content-digest': sha256('other') })]],
    wanted: { failed: 'malformed', says: 'does not match its digest' },
  },
];
