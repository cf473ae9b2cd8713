/** Manifests as an OCI registry serves them, from memory. The fake registry of the tests builds on this. */
import { createHash } from 'node:crypto';
import { createJsonReply, type Reply } from './loopback-server.ts';

export interface Blob {
  readonly mediaType: string;
  readonly content: Buffer;
  readonly digest: string;
}

/** A manifest with its blobs, or an index with its children. */
export interface Image extends Blob {
  readonly blobs: readonly Blob[];
  readonly children: readonly Image[];
}

/** Image repositories by name. */
export type ImageRepositories = Map<string, ImageRepository>;

export interface ImageRepository {
  /** Tag to digest. */
  readonly tags: Map<string, string>;
  /** By digest. */
  readonly manifests: Map<string, Image>;
  readonly blobs: Map<string, Buffer>;
}

const API_VERSION = { 'docker-distribution-api-version': 'registry/2.0' };

export function createBlob(mediaType: string, content: Buffer): Blob {
  return { mediaType, content, digest: `sha256:${createHash('sha256').update(content).digest('hex')}` };
}

export function createJsonBlob(mediaType: string, value: unknown): Blob {
  return createBlob(mediaType, Buffer.from(JSON.stringify(value)));
}

export function describeBlob({ mediaType, digest, content }: Blob) {
  return { mediaType, digest, size: content.length };
}

export function createImage(mediaType: string, config: Blob, layer: Blob): Image {
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: describeBlob(config),
    layers: [describeBlob(layer)],
  };
  return { ...createJsonBlob(mediaType, manifest), blobs: [config, layer], children: [] };
}

/** @returns the image's digest */
export function pushImage(all: ImageRepositories, name: string, tag: string, image: Image): string {
  const repository = all.get(name) ?? { tags: new Map(), manifests: new Map(), blobs: new Map() };
  all.set(name, repository);
  storeImage(repository, image);
  repository.tags.set(tag, image.digest);
  return image.digest;
}

function storeImage(repository: ImageRepository, image: Image): void {
  repository.manifests.set(image.digest, image);
  for (const { digest, content } of image.blobs) repository.blobs.set(digest, content);
  for (const child of image.children) storeImage(repository, child);
}

/** @param reference a tag or a digest */
export function readManifest(all: ImageRepositories, name: string, reference: string): Reply {
  const repository = all.get(name);
  if (repository === undefined) return createRegistryError(404, 'NAME_UNKNOWN');
  const manifest = repository.manifests.get(repository.tags.get(reference) ?? reference);
  if (manifest === undefined) return createRegistryError(404, 'MANIFEST_UNKNOWN');
  const { mediaType, digest, content } = manifest;
  const headers = { ...API_VERSION, 'content-type': mediaType, 'docker-content-digest': digest };
  return { status: 200, headers, body: content };
}

/** An error in the form of the distribution specification. */
export function createRegistryError(status: number, code: string, headers: Reply['headers'] = {}): Reply {
  const message = code.toLowerCase().replaceAll('_', ' ');
  return createJsonReply(status, { errors: [{ code, message }] }, { ...API_VERSION, ...headers });
}
