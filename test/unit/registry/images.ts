/** Images as registries serve them. */
import { createHash } from 'node:crypto';
import type { Answer } from '../../fixtures/scripted-server.ts';
import type { Digest } from '../../../src/image/image.ts';

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json';
export const DOCKER_IMAGE = 'application/vnd.docker.distribution.manifest.v2+json';
export const SCHEMA_1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

export function sha256(content: string): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}` as Digest;
}

export function sha512(content: string): Digest {
  return `sha512:${createHash('sha512').update(content).digest('hex')}` as Digest;
}

export interface Content {
  readonly body: string;
  readonly digest: Digest;
  readonly mediaType: string;
}

function createContent(mediaType: string, document: object): Content {
  const body = JSON.stringify({ schemaVersion: 2, mediaType, ...document });
  return { body, digest: sha256(body), mediaType };
}

/**
 * @param labels of the image's configuration
 * @param others of the manifest
 * @param says more of the configuration
 */
export function createImage(
  labels: Readonly<Record<string, string>> | null,
  name = 'image',
  others: object = {},
  says: object = {},
): Content & { config: string } {
  const config = JSON.stringify({ os: 'linux', name, config: { Labels: labels }, ...says });
  const descriptor = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: sha256(config),
    size: config.length,
  };
  return { ...createContent(OCI_IMAGE, { config: descriptor, layers: [], ...others }), config };
}

/** Something else that is stored as a manifest. @param document what makes it that; the rest is an image's */
export function createArtifact(document: object): Content {
  return createImage(null, 'artifact', document);
}

/** @param entries descriptors, of which only the digest and media type have to be given */
export function createIndex(...entries: readonly object[]): Content {
  return createContent(OCI_INDEX, { manifests: entries });
}

export function createAnnotatedIndex(
  annotations: Readonly<Record<string, unknown>>,
  ...entries: readonly object[]
): Content {
  return createContent(OCI_INDEX, { manifests: entries, annotations });
}

export function createTypedIndex(artifactType: string, ...entries: readonly object[]): Content {
  return createContent(OCI_INDEX, { manifests: entries, artifactType });
}

export function entry({ digest, mediaType, body }: Content, platform?: object, others?: object): object {
  return { digest, mediaType, size: body.length, ...(platform && { platform }), ...others };
}

/** A 200 as it should be; `headers` are added. */
export function served(
  { body, digest, mediaType }: Content,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { headers: { 'content-type': mediaType, 'docker-content-digest': digest, ...headers }, body };
}

/** A 200 without the digest's header. */
export function servedBare(
  { body, mediaType }: Content,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { headers: { 'content-type': mediaType, ...headers }, body };
}

/** A registry's error answer. */
export function refused(status: number, code: string | number, message = 'no'): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ errors: [{ code, message }] }),
  };
}

/** A 401 with its challenge. */
export function challenged(challenge: string | readonly string[], status = 401): Answer {
  return { status, headers: { 'www-authenticate': challenge } };
}

/** A token service's answer. */
export function token(answer: object): Answer {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) };
}
