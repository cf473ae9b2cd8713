import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** Small images in the formats that registries serve. Pure: bytes and digests only, see push.ts for the way up. */

interface Blob {
  readonly mediaType: string;
  readonly content: Buffer;
  readonly digest: string;
}

/** A manifest with its blobs, or an index with its children. */
export interface Image extends Blob {
  readonly blobs: readonly Blob[];
  readonly children: readonly Image[];
}

export interface PlatformSpec {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const MEDIA_TYPES = {
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    index: 'application/vnd.oci.image.index.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
} as const;

export type Format = keyof typeof MEDIA_TYPES;

/** A tar archive without entries is two blocks of zeros. */
const EMPTY_TAR = Buffer.alloc(1024);
export const LINUX_AMD64 = { os: 'linux', architecture: 'amd64' };
export const LINUX_ARM64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };

/** @param labels become those of the image's configuration, for example `org.opencontainers.image.revision` */
export function imageManifest(format: Format, platform: PlatformSpec, labels: Record<string, string>): Image {
  const types = MEDIA_TYPES[format];
  const layer = blob(types.layer, gzipSync(EMPTY_TAR));
  const config = jsonBlob(types.config, {
    ...platform,
    config: { Labels: labels },
    rootfs: { type: 'layers', diff_ids: [sha256(EMPTY_TAR)] },
    history: [{ created_by: 'greenpin test' }],
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: descriptor(config),
    layers: [descriptor(layer)],
  };
  return { ...jsonBlob(types.manifest, manifest), blobs: [config, layer], children: [] };
}

/** What BuildKit adds to an index for each image (docs/attestations/attestation-storage.md of moby/buildkit). */
export function attestationManifest(): Image {
  const types = MEDIA_TYPES.oci;
  const statement = jsonBlob('application/vnd.in-toto+json', {
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType: 'https://slsa.dev/provenance/v0.2',
  });
  const config = jsonBlob(types.config, {
    os: 'unknown',
    architecture: 'unknown',
    config: {},
    rootfs: { type: 'layers', diff_ids: [statement.digest] },
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: descriptor(config),
    layers: [
      {
        ...descriptor(statement),
        annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' },
      },
    ],
  };
  return { ...jsonBlob(types.manifest, manifest), blobs: [config, statement], children: [] };
}

/** One entry of an index: an image for a platform, or the attestation of another entry. */
export type IndexEntry =
  | { readonly image: Image; readonly platform: PlatformSpec }
  | { readonly image: Image; readonly attests: Image };

/** An OCI index, or Docker's manifest list. */
export function imageIndex(format: Format, entries: readonly IndexEntry[]): Image {
  const types = MEDIA_TYPES[format];
  const manifests = entries.map((entry) =>
    'attests' in entry
      ? {
          ...descriptor(entry.image),
          annotations: {
            'vnd.docker.reference.digest': entry.attests.digest,
            'vnd.docker.reference.type': 'attestation-manifest',
          },
          platform: { architecture: 'unknown', os: 'unknown' },
        }
      : { ...descriptor(entry.image), platform: entry.platform },
  );
  const index = { schemaVersion: 2, mediaType: types.index, manifests };
  return { ...jsonBlob(types.index, index), blobs: [], children: entries.map(({ image }) => image) };
}

function descriptor({ mediaType, digest, content }: Blob) {
  return { mediaType, digest, size: content.length };
}

function jsonBlob(mediaType: string, value: unknown): Blob {
  return blob(mediaType, Buffer.from(JSON.stringify(value)));
}

function blob(mediaType: string, content: Buffer): Blob {
  return { mediaType, content, digest: sha256(content) };
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
