/** One manifest, asked of its registry: what is there, what is not, and what only looks like it. */
import type { UpstreamError } from '../errors.ts';
import type { DigestResult } from '../resolve/ports.ts';
import type { Digest, ImageReference } from '../resolve/types.ts';
import type { Session } from './authorize.ts';
import { parseChallenges } from './challenge.ts';
import { denied, malformed } from './failure.ts';
import {
  ACCEPT,
  digestOf,
  InvalidManifest,
  isManifestType,
  MAX_MANIFEST_BYTES,
  mediaTypeOf,
  parseManifest,
  rejectSchema1,
  type Manifest,
} from './manifest.ts';
import { formatReference, imageRepository, parseDigest } from './reference.ts';
import { judgeAbsence, parseRegistryErrors } from './registry-error.ts';
import { headerValue, type HttpResponse } from './transport.ts';

/** The image that a question is about. */
export interface Target {
  readonly reference: ImageReference;
  /** That serves the registry's API, for messages. */
  readonly host: string;
  readonly session: Session;
}

export interface FoundManifest {
  readonly kind: 'found';
  readonly digest: Digest;
  readonly mediaType: string;
  readonly manifest: Manifest;
}

export type Absent = Extract<DigestResult, { kind: 'absent' }>;

/** Answers to HEAD after which only a GET can tell: 405 and 501 (no HEAD), 404 (Nexus), 403 (registry.centos.org, containerd/containerd#6684), 400. */
const ASK_WITH_GET: ReadonlySet<number> = new Set([400, 403, 404, 405, 501]);
const MAX_PING_BYTES = 1024 * 1024;

/**
 * HEAD: no body, and on Docker Hub no pull that is counted.
 * @param selector a tag or a digest
 * @returns undefined when only a GET can tell
 * @throws UpstreamError, InvalidManifest
 */
export async function fetchDigest(
  { session, host, reference }: Target,
  selector: string,
): Promise<Extract<DigestResult, { kind: 'found' }> | undefined> {
  const response = await session.send('HEAD', `manifests/${selector}`, MAX_MANIFEST_BYTES, ACCEPT);
  if (ASK_WITH_GET.has(response.status)) return undefined;
  if (response.status !== 200) throw unexpected(response, { session, host, reference });
  const mediaType = mediaTypeOf(headerValue(response, 'content-type'));
  rejectSchema1(mediaType);
  const digest = headerDigest(response);
  const expected = parseDigest(selector);
  if (digest === undefined || !isManifestType(mediaType)) return undefined;
  if (expected !== undefined && algorithmOf(digest) !== algorithmOf(expected)) return undefined;
  if (expected !== undefined && digest !== expected) throw otherContent();
  return { kind: 'found', digest, mediaType };
}

/**
 * GET, with the digest computed from the bytes themselves.
 * @param selector a tag or a digest
 * @throws UpstreamError, InvalidManifest
 */
export async function fetchManifest(target: Target, selector: string): Promise<FoundManifest | Absent> {
  const response = await target.session.send('GET', `manifests/${selector}`, MAX_MANIFEST_BYTES, ACCEPT);
  if (response.status === 404) return explainAbsence(response, target);
  if (response.status !== 200) throw unexpected(response, target);
  const expected = parseDigest(selector);
  const header = headerDigest(response);
  const manifest = parseManifest(response.body, headerValue(response, 'content-type'));
  const digest = digestOf(response.body, expected ?? header);
  if (expected !== undefined && digest !== expected) throw otherContent();
  // The header's digest may not be there to be pulled, and the computed one may not be what was pushed.
  if (header !== undefined && header !== digestOf(response.body, header)) throw otherContent();
  return { kind: 'found', digest, mediaType: manifest.mediaType, manifest };
}

/**
 * @returns the blob's bytes, which are what the digest says
 * @throws UpstreamError, InvalidManifest
 */
export async function fetchBlob(target: Target, digest: Digest, maxBytes: number): Promise<Buffer> {
  const response = await target.session.send('GET', `blobs/${digest}`, maxBytes);
  if (response.status !== 200) throw unexpected(response, target);
  if (digestOf(response.body, digest) !== digest) throw otherContent();
  return response.body;
}

/** Some registries send no header, some a wrong one (a bare hash: GoogleContainerTools/kaniko#298). */
function headerDigest(response: HttpResponse): Digest | undefined {
  return parseDigest(headerValue(response, 'docker-content-digest') ?? '');
}

function algorithmOf(digest: Digest): string {
  return digest.slice(0, digest.indexOf(':'));
}

function otherContent(): InvalidManifest {
  return new InvalidManifest('is served with content that does not match its digest');
}

/** Whatever else a registry answers is a failure, never "absent": so are denials, which many use for images that are not there. */
function unexpected(response: HttpResponse, { session, host, reference }: Target): UpstreamError {
  const { status } = response;
  if (status === 401 || status === 403)
    return denied(host, imageRepository(reference), session.access().credential);
  return malformed(host, `${host} answers ${status} for ${formatReference(reference)}`);
}

/** @throws UpstreamError unless a registry says that the image is not there */
async function explainAbsence(response: HttpResponse, target: Target): Promise<Absent> {
  const { reference, host } = target;
  const text = formatReference(reference);
  switch (judgeAbsence(response.body)) {
    case 'denied':
      throw denied(host, imageRepository(reference), target.session.access().credential);
    case 'repository':
      return {
        kind: 'absent',
        missing: 'repository',
        reason: `${reference.registry} has no image repository ${reference.path}; check its spelling`,
      };
    case 'manifest':
      return absent(target, 'is not in the registry');
    case 'unproven':
      if (await isRegistry(response.url, target)) return absent(target, 'is not in the registry');
      throw malformed(
        host,
        `${host} answers 404 for ${text}, but not as a registry does; a proxy may have answered`,
      );
  }
}

/** @param what goes after the image's name */
export function absent({ reference }: Target, what: string): Absent {
  return { kind: 'absent', missing: 'manifest', reason: `${formatReference(reference)} ${what}` };
}

/**
 * A proxy's 404 must not delete an environment: so whoever answered has to be a registry (distribution-spec, end-1), also to whom it
 * lets in. JSON or a challenge of Basic proves nothing: any gateway has them.
 */
async function isRegistry(answered: URL, { session }: Target): Promise<boolean> {
  const response = await session.ping(answered, MAX_PING_BYTES);
  const { status, body, headers } = response;
  if ((status !== 200 && status !== 401) || response.url.origin !== answered.origin) return false;
  const version = headerValue(response, 'docker-distribution-api-version') ?? '';
  if (version.startsWith('registry/2.')) return true;
  if (status === 200) return /^\s*\{\s*\}\s*$/.test(body.toString('utf8'));
  const challenges = parseChallenges(headers['www-authenticate']);
  return challenges.some(({ scheme }) => scheme === 'bearer') || parseRegistryErrors(body).length > 0;
}
