/** One manifest, asked of its registry: what is there, what is not, and what only looks like it. */
import type { UpstreamError } from '../../errors.ts';
import { secretsOf } from '../credentials/credential.ts';
import { denied } from '../failure.ts';
import { malformed } from '../../upstream/failures.ts';
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
import { formatReference, imageRepository } from '../../image/reference.ts';
import type { Absent, Target } from './target.ts';
import { tellReason } from '../told-reason.ts';
import { headerValue, type HttpResponse } from '../../upstream/http-client.ts';
import type { Digest } from '../../image/image.ts';
import type { DigestResult } from '../registry-client.ts';
import { parseDigest } from '../../image/digest.ts';

export interface FoundManifest {
  readonly kind: 'found';
  readonly digest: Digest;
  readonly mediaType: string;
  readonly manifest: Manifest;
}

/**
 * Answers to HEAD after which only a GET can tell: 405 and 501 (no HEAD), 404 (Nexus), 403 (registry.centos.org, containerd/containerd#6684),
 * 400; and those that have a reason in their body: 412 (Harbor's and others' policies), 451 and their like.
 */
const ASK_WITH_GET: ReadonlySet<number> = new Set([
  400, 402, 403, 404, 405, 409, 410, 412, 422, 423, 424, 428, 451, 501,
]);

/**
 * HEAD: no body, and on Docker Hub no pull that is counted.
 * @param selector a tag or a digest
 * @returns undefined when only a GET can tell
 * @throws UpstreamError, InvalidManifest
 */
export async function fetchDigest(
  target: Target,
  selector: string,
): Promise<Extract<DigestResult, { kind: 'found' }> | undefined> {
  const response = await target.session.send('HEAD', `manifests/${selector}`, MAX_MANIFEST_BYTES, ACCEPT);
  if (ASK_WITH_GET.has(response.status)) return undefined;
  if (response.status !== 200) throw unexpected(response, target);
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
  if (response.status === 404) return target.absences.explain(response, target, selector);
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

/** Go's server, and nginx. */
const WANTS_TLS = /HTTP request (?:was sent )?to (?:an )?HTTPS (?:server|port)/i;

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
  const { credential } = session.access();
  if (status === 401 || status === 403)
    return denied(host, imageRepository(reference), credential, response.body);
  const what = `${host} answers ${status} for ${formatReference(reference)}`;
  const reason = tellReason(response.body, secretsOf(credential));
  if (status === 400 && response.url.protocol === 'http:' && WANTS_TLS.test(response.body.toString('latin1')))
    return malformed(host, `${host} wants TLS, but was asked by plain http`, 'wants_tls');
  return reason === '' ? malformed(host, what) : malformed(host, `${what}: ${reason}`, 'policy');
}
