/** Manifests and indexes (https://github.com/opencontainers/image-spec), of which only what is needed is read and checked. Pure. */
import { createHash } from 'node:crypto';
import { copyStart, isJsonObject, parseJsonObject, type JsonObject } from '../json.ts';
import type { Digest } from '../../image/image.ts';
import { parseDigest } from '../../image/digest.ts';

/** A manifest that is not what the specification says; the message goes after the image's name. */
export class InvalidManifest extends Error {
  override readonly name = 'InvalidManifest';
}

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json';

const INDEX_TYPES: ReadonlySet<string> = new Set([
  OCI_INDEX,
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);
const IMAGE_TYPES: ReadonlySet<string> = new Set([
  OCI_IMAGE,
  'application/vnd.docker.distribution.manifest.v2+json',
]);
/** Its digest is not the hash of what is served (ggcr remote/fetcher.go). */
const SCHEMA_1_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
]);

/**
 * On one line, since some registries read only the first (sapcc/keppel#181); all four, or an old manifest or one platform's digest
 * comes back (opencontainers/distribution-spec#207).
 */
export const ACCEPT = [...INDEX_TYPES, ...IMAGE_TYPES].join(', ');

export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
export const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** @returns the media type without parameters, lower case; empty when there is none */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

export function isManifestType(mediaType: string): boolean {
  return INDEX_TYPES.has(mediaType) || IMAGE_TYPES.has(mediaType);
}

export function isIndexType(mediaType: string): boolean {
  return INDEX_TYPES.has(mediaType);
}

/** @throws InvalidManifest */
export function rejectSchema1(mediaType: string, schemaVersion?: unknown): void {
  if (schemaVersion === 1 || SCHEMA_1_TYPES.has(mediaType)) {
    throw new InvalidManifest('is an old schema 1 image; push it again with a tool of today');
  }
}

/** A document that is surely a manifest; what it points to has not been looked at. */
export interface Manifest {
  readonly mediaType: string;
  readonly document: JsonObject;
}

/**
 * The document's own word for its type comes first, since the digest vouches for it; Content-Type may be `text/plain` (old Red Hat
 * registries) or what a proxy or a static store makes of it.
 * @throws InvalidManifest
 */
export function parseManifest(bytes: Buffer, contentType: string | undefined): Manifest {
  const headerType = mediaTypeOf(contentType);
  rejectSchema1(headerType);
  const document = parseJsonObject(bytes);
  if (document === undefined) throw new InvalidManifest('is no manifest: the answer is not a JSON object');
  const ownType = typeof document['mediaType'] === 'string' ? mediaTypeOf(document['mediaType']) : '';
  rejectSchema1(ownType, document['schemaVersion']);
  const guessed = guessType(document);
  const mediaType = [ownType, headerType, guessed].find(isManifestType);
  if (mediaType === undefined || (guessed === '' && document['schemaVersion'] !== 2)) {
    throw new InvalidManifest('is no image: the answer is neither a manifest nor an index');
  }
  return { mediaType, document };
}

/** Before OCI 1.1 a manifest did not have to name its type. */
function guessType({ manifests, config }: JsonObject): string {
  if (Array.isArray(manifests)) return OCI_INDEX;
  return isJsonObject(config) && typeof config['digest'] === 'string' ? OCI_IMAGE : '';
}

/** What an image's configuration may be called. */
const CONFIG_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);
/** What a file system's layers are called, with whatever follows for compression and encryption. */
const LAYER = /^application\/vnd\.(?:oci\.image\.layer|docker\.image\.rootfs|erofs)\b/;

export function isImageConfigType(mediaType: unknown): boolean {
  return typeof mediaType === 'string' && CONFIG_TYPES.has(mediaTypeOf(mediaType));
}

/**
 * Whether a manifest that is no index is an image's: charts, signatures, SBOMs and modules are stored as manifests, too. Old
 * signatures (cosign) and attestations (BuildKit) even have the configuration of an image; their layers are no file system.
 * @throws InvalidManifest
 */
export function isImage({ document }: Manifest): boolean {
  const { config, layers, artifactType } = document;
  const { mediaType } = parseDescriptor(config, 'manifest');
  if (mediaType !== '' && !isImageConfigType(mediaType)) return false;
  if (artifactType !== undefined && artifactType !== '' && !isImageConfigType(artifactType)) return false;
  return !Array.isArray(layers) || layers.length === 0 || layers.some(isLayer);
}

function isLayer(descriptor: unknown): boolean {
  const mediaType = isJsonObject(descriptor) ? descriptor['mediaType'] : undefined;
  return typeof mediaType === 'string' && LAYER.test(mediaTypeOf(mediaType));
}

/** @throws InvalidManifest */
export function parseConfigDigest({ document }: Manifest): Digest {
  return parseDescriptor(document['config'], 'manifest').digest;
}

/** @throws InvalidManifest */
export function parseDescriptor(descriptor: unknown, where: string): { digest: Digest; mediaType: string } {
  const { digest, mediaType } = isJsonObject(descriptor) ? descriptor : {};
  const parsed = typeof digest === 'string' ? parseDigest(digest) : undefined;
  if (parsed === undefined)
    throw new InvalidManifest(`has an ${where} that points to something without a digest`);
  return { digest: parsed, mediaType: typeof mediaType === 'string' ? mediaTypeOf(mediaType) : '' };
}

const REVISION = 'org.opencontainers.image.revision';
const LONGEST_REVISION = 256;

/** @returns the annotation of an index or a manifest that names the commit; undefined when there is none */
export function annotatedRevision({ document }: Manifest): string | undefined {
  return revisionOf(document['annotations']);
}

/**
 * @param bytes of the image's configuration
 * @returns the label that names the commit; undefined when there is none
 * @throws InvalidManifest
 */
export function parseRevision(bytes: Buffer): string | undefined {
  const document = parseJsonObject(bytes);
  if (document === undefined) throw new InvalidManifest('has a configuration that is not a JSON object');
  const config = isJsonObject(document['config']) ? document['config'] : {};
  return revisionOf(config['Labels']);
}

function revisionOf(labels: unknown): string | undefined {
  const revision = isJsonObject(labels) ? labels[REVISION] : undefined;
  // A commit takes 64 characters at most, and what is read is kept: an image must not fill the memory.
  const text = typeof revision === 'string' ? copyStart(revision.trim(), LONGEST_REVISION) : '';
  return text === '' ? undefined : text;
}

/** @param like a digest whose algorithm is used */
export function digestOf(bytes: Buffer, like: Digest | undefined): Digest {
  const algorithm = like?.startsWith('sha512:') === true ? 'sha512' : 'sha256';
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
}
