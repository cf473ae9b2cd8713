/** Parses the needed parts of manifests and indexes (https://github.com/opencontainers/image-spec). Pure. */
import { createHash } from 'node:crypto';
import { copyStart, parseJsonObject, type JsonObject } from '../json.ts';
import { parseDigest, type Digest } from '../../image/image.ts';
import { isMapping } from '../../text/document-path.ts';

/**
 * A manifest that violates the specification. The message completes a sentence whose subject is the image.
 */
export class InvalidManifest extends Error {
  override readonly name = 'InvalidManifest';
}

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const DOCKER = 'application/vnd.docker.distribution.manifest';

const INDEX_TYPES: ReadonlySet<string> = new Set([OCI_INDEX, `${DOCKER}.list.v2+json`]);
const IMAGE_TYPES: ReadonlySet<string> = new Set([OCI_IMAGE, `${DOCKER}.v2+json`]);
/** Their digest is not the hash of the content (ggcr remote/fetcher.go). */
const SCHEMA_1_TYPES: ReadonlySet<string> = new Set([`${DOCKER}.v1+json`, `${DOCKER}.v1+prettyjws`]);

/**
 * In one header line, since some registries read only the first (sapcc/keppel#181). With fewer types,
 * registries may return an old manifest or the digest of one platform (opencontainers/distribution-spec#207).
 */
export const ACCEPT = [...INDEX_TYPES, ...IMAGE_TYPES].join(', ');

export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
export const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** @returns the media type in lower case without parameters; empty if there is none */
export function normalizeMediaType(contentType: string | undefined): string {
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
    throw new InvalidManifest('is an outdated schema 1 image; push it again with a current tool');
  }
}

/** A validated manifest, whose descriptors have not been checked. */
export interface Manifest {
  readonly mediaType: string;
  readonly document: JsonObject;
}

/**
 * Prefers the document's own media type, which the digest covers. Content-Type may be `text/plain` (old Red
 * Hat registries) or set by a proxy or a static store.
 * @throws InvalidManifest
 */
export function parseManifest(bytes: Buffer, contentType: string | undefined): Manifest {
  const headerType = normalizeMediaType(contentType);
  rejectSchema1(headerType);
  const document = parseJsonObject(bytes);
  if (document === undefined)
    throw new InvalidManifest('is not a manifest: the response is not a JSON object');
  const ownType = typeof document['mediaType'] === 'string' ? normalizeMediaType(document['mediaType']) : '';
  rejectSchema1(ownType, document['schemaVersion']);
  const guessed = guessType(document);
  const mediaType = [ownType, headerType, guessed].find(isManifestType);
  if (mediaType === undefined || (guessed === '' && document['schemaVersion'] !== 2)) {
    throw new InvalidManifest('is not an image: the response is neither a manifest nor an index');
  }
  return { mediaType, document };
}

/** Before OCI 1.1 manifests could omit their media type. */
function guessType({ manifests, config }: JsonObject): string {
  if (Array.isArray(manifests)) return OCI_INDEX;
  return isMapping(config) && typeof config['digest'] === 'string' ? OCI_IMAGE : '';
}

/** Media types of an image's configuration. */
const CONFIG_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);
/** Media types of file system layers, followed by suffixes for compression and encryption. */
const LAYER = /^application\/vnd\.(?:oci\.image\.layer|docker\.image\.rootfs|erofs)\b/;

export function isImageConfigType(mediaType: unknown): boolean {
  return typeof mediaType === 'string' && CONFIG_TYPES.has(normalizeMediaType(mediaType));
}

/**
 * Whether a manifest that is not an index is an image. Charts, signatures, SBOMs and modules are stored as
 * manifests, too. Old signatures (cosign) and attestations (BuildKit) even have an image's configuration, but
 * their layers are not file systems.
 * @throws InvalidManifest
 */
export function isImage({ document }: Manifest): boolean {
  const { config, layers, artifactType } = document;
  const { mediaType } = parseDescriptor(config, 'a manifest');
  if (mediaType !== '' && !isImageConfigType(mediaType)) return false;
  if (artifactType !== undefined && artifactType !== '' && !isImageConfigType(artifactType)) return false;
  return !Array.isArray(layers) || layers.length === 0 || layers.some(isLayer);
}

function isLayer(descriptor: unknown): boolean {
  const mediaType = isMapping(descriptor) ? descriptor['mediaType'] : undefined;
  return typeof mediaType === 'string' && LAYER.test(normalizeMediaType(mediaType));
}

/** @throws InvalidManifest */
export function parseDescriptor(descriptor: unknown, where: string): { digest: Digest; mediaType: string } {
  const { digest, mediaType } = isMapping(descriptor) ? descriptor : {};
  const parsed = typeof digest === 'string' ? parseDigest(digest) : undefined;
  if (parsed === undefined) throw new InvalidManifest(`has ${where} with a descriptor that lacks a digest`);
  return { digest: parsed, mediaType: typeof mediaType === 'string' ? normalizeMediaType(mediaType) : '' };
}

const REVISION = 'org.opencontainers.image.revision';
const MAX_REVISION = 256;

/**
 * @returns the revision annotation of an index or a manifest, normally the commit; undefined if there is none
 */
export function findAnnotatedRevision({ document }: Manifest): string | undefined {
  return readRevision(document['annotations']);
}

/**
 * @param bytes the image's configuration
 * @returns the revision label, normally the commit; undefined if there is none
 * @throws InvalidManifest
 */
export function parseRevision(bytes: Buffer): string | undefined {
  const document = parseJsonObject(bytes);
  if (document === undefined) throw new InvalidManifest('has a configuration that is not a JSON object');
  const config = isMapping(document['config']) ? document['config'] : {};
  return readRevision(config['Labels']);
}

function readRevision(labels: unknown): string | undefined {
  const revision = isMapping(labels) ? labels[REVISION] : undefined;
  // Commits have at most 64 characters. The value is cached, and an image must not fill the memory.
  const text = typeof revision === 'string' ? copyStart(revision.trim(), MAX_REVISION) : '';
  return text === '' ? undefined : text;
}

/** @param like a digest whose algorithm to use; sha256 without one */
export function computeDigest(bytes: Buffer, like: Digest | undefined): Digest {
  const algorithm = like?.startsWith('sha512:') === true ? 'sha512' : 'sha256';
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
}
