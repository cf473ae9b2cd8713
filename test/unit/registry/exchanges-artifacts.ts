/** What is stored like an image and is none: it is never pinned, wherever it stands. The best match wins, not the first. */
import type { Exchange, Step } from '../../fixtures/registry/exchange.ts';
import {
  createArtifact,
  createImage,
  createIndex,
  createTypedIndex,
  entry,
  OCI_IMAGE,
  refused,
  served,
  servedBare,
  sha256,
  type Content,
} from '../../fixtures/registry/responses.ts';

const image = 'reg.test/acme/shop:1';
const HEAD = 'HEAD reg.test/v2/acme/shop/manifests/1';
const GET = 'GET reg.test/v2/acme/shop/manifests/1';
const SPDX = 'application/spdx+json';
const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };
const arm = (variant: string) => ({ os: 'linux', architecture: 'arm', variant });

const amd64 = createImage(null, 'amd64', {}, AMD64);
const arm64 = createImage(null, 'arm64', {}, ARM64);
const configured = (mediaType: string, more: object = {}) =>
  createArtifact({ config: { mediaType, digest: sha256('{}'), size: 2 }, ...more });
const layered = (mediaType: string) =>
  createArtifact({ layers: [{ mediaType, digest: sha256('x'), size: 1 }] });

const sbom = configured('application/vnd.oci.empty.v1+json', { artifactType: SPDX });
const ARTIFACTS: Readonly<Record<string, Content>> = {
  'an SBOM': sbom,
  'a chart': configured('application/vnd.cncf.helm.config.v1+json'),
  'a module of WebAssembly': configured('application/vnd.wasm.config.v0+json'),
  'a plugin': configured('application/vnd.docker.plugin.v1+json'),
  'an artifact with the configuration of an image': createArtifact({ artifactType: SPDX }),
  'a signature of cosign': layered('application/vnd.dev.cosign.simplesigning.v1+json'),
  'an attestation of BuildKit': layered('application/vnd.in-toto+json'),
};
const each = Object.entries(ARTIFACTS);

function read(...contents: readonly Content[]): Step[] {
  return contents.map((content) => [
    `GET reg.test/v2/acme/shop/manifests/${content.digest}`,
    served(content),
  ]);
}

function readConfig({ config }: { readonly config: string }): Step {
  return [`GET reg.test/v2/acme/shop/blobs/${sha256(config)}`, { body: config }];
}

function numbered(count: number): Content[] {
  return Array.from({ length: count }, (_, i) => configured(`application/vnd.acme.v${i}+json`));
}

const besides = createIndex(
  entry(sbom, AMD64, { artifactType: SPDX }),
  entry(amd64, AMD64, { artifactType: 'application/vnd.oci.image.config.v1+json' }),
);
const v6 = createImage(null, 'v6');
const v7 = createImage(null, 'v7');
const nestedV7 = createIndex(entry(v7, arm('v7')));
const nestedSbom = createIndex(entry(sbom));

export const artifactExchanges: readonly Exchange[] = [
  ...each.map(([what, artifact]) => {
    const index = createIndex(entry(artifact), entry(amd64, AMD64));
    return {
      name: `${what} before the image is passed over`,
      source: 'an entry without a platform',
      image,
      platform: 'linux/amd64',
      steps: [[GET, served(index)]],
      wanted: { found: amd64.digest },
    } satisfies Exchange;
  }),
  ...each.map(([what, artifact]) => ({
    name: `an index that holds nothing but ${what} contains no image`,
    source: 'an entry without a platform',
    image,
    platform: 'linux/amd64',
    steps: [[GET, served(createIndex(entry(artifact)))] as const, ...read(artifact)],
    wanted: { absent: 'manifest', says: 'contains no image for linux/amd64' } as const,
  })),
  ...each.map(([what, artifact]) => ({
    name: `${what} that shares a platform with the image is passed over`,
    source: 'oras push --artifact-platform',
    image,
    platform: 'linux/amd64',
    steps: [
      [GET, served(createIndex(entry(artifact, AMD64), entry(amd64, AMD64)))] as const,
      ...read(artifact, amd64),
    ],
    wanted: { found: amd64.digest },
  })),
  ...each.map(([what, artifact]) => ({
    name: `${what} under the tag itself is absent where its manifest is read`,
    source: 'a chart under the tag of an image',
    image,
    platform: 'linux/amd64',
    steps: [[GET, served(artifact)] as const],
    wanted: { absent: 'manifest', says: 'reg.test/acme/shop:1 is not an image' } as const,
  })),
  ...each.map(([what, artifact]) => ({
    name: `${what} is absent when HEAD does not tell the digest`,
    source: 'static stores',
    image,
    steps: [[HEAD, { status: 405 }] as const, [GET, servedBare(artifact)] as const],
    wanted: { absent: 'manifest', says: 'reg.test/acme/shop:1 is not an image' } as const,
  })),
  {
    name: 'an entry with the type of an artifact costs no look at it, and makes its neighbours prove themselves',
    source: 'OCI image-spec 1.1, descriptor.md',
    image,
    platform: 'linux/amd64',
    steps: [[GET, served(besides)], ...read(amd64)],
    wanted: { found: amd64.digest },
  },
  {
    name: 'an index that is an artifact makes what is in it prove itself',
    source: 'OCI image-spec 1.1, image-index.md',
    image,
    platform: 'linux/amd64',
    steps: [[GET, served(createTypedIndex(SPDX, entry(sbom, AMD64)))], ...read(sbom)],
    wanted: { absent: 'manifest', says: 'contains no image for linux/amd64' },
  },
  {
    name: 'an index of typed artifacts contains no image, whether or not a platform is asked for',
    source: 'referrers under a tag',
    image,
    steps: [
      [HEAD, { status: 405 }],
      [GET, servedBare(createIndex(entry(sbom, undefined, { artifactType: SPDX })))],
    ],
    wanted: { absent: 'manifest', says: 'contains no image' },
  },
  ...['.sig', '.att', '.sbom', ''].map((suffix) => ({
    name: `a tag sha256-...${suffix} is read: a branch may be called so`,
    source: 'cosign, distribution-spec (referrers tag schema)',
    image: `reg.test/acme/shop:sha256-${'a'.repeat(64)}${suffix}`,
    steps: [
      [
        `GET reg.test/v2/acme/shop/manifests/sha256-${'a'.repeat(64)}${suffix}`,
        served(ARTIFACTS['a signature of cosign'] ?? sbom),
      ] as const,
    ],
    wanted: { absent: 'manifest', says: 'is not an image' } as const,
  })),
  {
    name: 'of images without a platform the configuration tells which is which',
    source: 'containerd images.Manifest',
    image,
    platform: 'linux/amd64',
    steps: [
      [GET, served(createIndex(entry(sbom), entry(arm64), entry(amd64)))],
      ...read(sbom, arm64),
      readConfig(arm64),
      ...read(amd64),
      readConfig(amd64),
    ],
    wanted: { found: amd64.digest },
  },
  ...[
    { os: '', architecture: '' },
    { os: 'linux' },
    { architecture: 'amd64' },
    { os: 7, architecture: null },
  ].map((platform) => ({
    name: `half a platform (${JSON.stringify(platform)}) is none`,
    source: 'hostile answers',
    image,
    platform: 'linux/amd64',
    steps: [
      [GET, served(createIndex(entry(sbom, platform), entry(amd64, platform)))] as const,
      ...read(sbom, amd64),
      readConfig(amd64),
    ],
    wanted: { found: amd64.digest },
  })),
  {
    name: 'manifests that say nothing are not read without end',
    source: 'hostile answers',
    image,
    platform: 'linux/amd64',
    steps: [
      [GET, served(createIndex(...numbered(9).map((content) => entry(content))))],
      ...read(...numbered(8)),
    ],
    wanted: { failed: 'malformed', says: 'more than 8 undescribed manifests' },
  },
  {
    name: 'an entry that is not there is absent, not passed over',
    source: 'only what can be pulled is pinned',
    image,
    platform: 'linux/amd64',
    steps: [
      [GET, served(createIndex(entry(amd64)))],
      [`GET reg.test/v2/acme/shop/manifests/${amd64.digest}`, refused(404, 'MANIFEST_UNKNOWN')],
    ],
    wanted: { absent: 'manifest' },
  },
  ...[
    { asked: 'linux/arm/v7', entries: [entry(v6, arm('v6')), entry(v7, arm('v7'))], found: v7 },
    {
      asked: 'linux/arm',
      entries: [entry(v6, arm('6')), entry(v7, { os: 'linux', architecture: 'armhf' })],
      found: v7,
    },
    { asked: 'linux/arm/v7', entries: [entry(v7, arm('v5')), entry(v6, arm('v6'))], found: v6 },
    {
      asked: 'linux/arm64',
      entries: [entry(v7, arm('v7')), entry(arm64, { ...ARM64, variant: 'v8' })],
      found: arm64,
    },
    {
      asked: 'linux/amd64/v3',
      entries: [
        entry(amd64, AMD64),
        entry(v7, { ...AMD64, variant: 'v4' }),
        entry(v6, { ...AMD64, variant: 'v2' }),
      ],
      found: v6,
    },
    {
      asked: 'linux/amd64',
      entries: [
        entry(v6, { ...AMD64, variant: 'v2' }),
        entry(v7, { ...AMD64, 'os.features': ['x'] }),
        entry(amd64, { ...AMD64, variant: 'v1' }),
      ],
      found: amd64,
    },
  ].map(({ asked, entries, found }, i) => ({
    name: `the best match for ${asked} wins (${i})`,
    source: 'containerd platforms, compare.go',
    image,
    platform: asked,
    steps: [[GET, served(createIndex(...entries))] as const],
    wanted: { found: found.digest },
  })),
  {
    name: 'a better match inside a nested index wins over one beside it',
    source: 'containerd platforms, compare.go',
    image,
    platform: 'linux/arm/v7',
    steps: [[GET, served(createIndex(entry(v6, arm('v6')), entry(nestedV7)))], ...read(nestedV7)],
    wanted: { found: v7.digest },
  },
  {
    name: 'artifacts in a nested index are passed over',
    source: 'nested indexes',
    image,
    platform: 'linux/arm/v7',
    steps: [
      [GET, served(createIndex(entry(nestedSbom), entry(nestedV7)))],
      ...read(nestedSbom, sbom, nestedV7),
    ],
    wanted: { found: v7.digest },
  },
  {
    name: 'an index where the index says that there is an image is a failure',
    source: 'OCI image-spec, image-index.md',
    image,
    platform: 'linux/arm/v7',
    steps: [[GET, served(createIndex(entry({ ...nestedV7, mediaType: OCI_IMAGE })))], ...read(nestedV7)],
    wanted: { failed: 'malformed', says: 'another type' },
  },
];
