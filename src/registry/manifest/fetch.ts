/** Fetches manifests and blobs, and distinguishes absence from failures. */
import type { UpstreamError } from '../../errors.ts';
import { listSecrets } from '../credentials/credential.ts';
import { denied } from '../failure.ts';
import { malformed } from '../../upstream/failures.ts';
import {
  ACCEPT,
  computeDigest,
  InvalidManifest,
  isManifestType,
  MAX_CONFIG_BYTES,
  MAX_MANIFEST_BYTES,
  normalizeMediaType,
  parseDescriptor,
  parseManifest,
  rejectSchema1,
  type Manifest,
} from './manifest.ts';
import { formatReference, imageRepository } from '../../image/reference.ts';
import type { Absent, Target } from './absence.ts';
import { extractReason } from '../error-reason.ts';
import { headerValue, type HttpResponse } from '../../upstream/http-client.ts';
import { parseDigest, type Digest } from '../../image/image.ts';
import type { DigestResult } from '../registry-client.ts';

export interface FoundManifest {
  readonly kind: 'found';
  readonly digest: Digest;
  readonly mediaType: string;
  readonly manifest: Manifest;
}

/**
 * Responses to HEAD that need a GET to be conclusive: 405 and 501 (no HEAD), 404 (Nexus), 403
 * (registry.centos.org, containerd/containerd#6684), 400; and those that give a reason in their body: 412
 * (policies of Harbor and others), 451 and the like.
 */
const RETRY_WITH_GET: ReadonlySet<number> = new Set([
  400, 402, 403, 404, 405, 409, 410, 412, 422, 423, 424, 428, 451, 501,
]);

/**
 * Uses HEAD, which has no body and which Docker Hub does not count as a pull.
 * @param selector a tag or a digest
 * @returns undefined if only a GET is conclusive
 * @throws UpstreamError, InvalidManifest
 */
export async function fetchDigest(
  target: Target,
  selector: string,
): Promise<Extract<DigestResult, { kind: 'found' }> | undefined> {
  const response = await target.session.send('HEAD', `manifests/${selector}`, MAX_MANIFEST_BYTES, ACCEPT);
  if (RETRY_WITH_GET.has(response.status)) return undefined;
  if (response.status !== 200) throw createFailure(response, target);
  const mediaType = normalizeMediaType(headerValue(response, 'content-type'));
  rejectSchema1(mediaType);
  const digest = parseDigestHeader(response);
  const expected = parseDigest(selector);
  if (digest === undefined || !isManifestType(mediaType)) return undefined;
  if (expected !== undefined && getAlgorithm(digest) !== getAlgorithm(expected)) return undefined;
  if (expected !== undefined && digest !== expected) throw createMismatchError();
  return { kind: 'found', digest, mediaType };
}

/**
 * Uses GET and computes the digest from the content.
 * @param selector a tag or a digest
 * @throws UpstreamError, InvalidManifest
 */
export async function fetchManifest(target: Target, selector: string): Promise<FoundManifest | Absent> {
  const response = await target.session.send('GET', `manifests/${selector}`, MAX_MANIFEST_BYTES, ACCEPT);
  if (response.status === 404) return target.absences.verify(response, target, selector);
  if (response.status !== 200) throw createFailure(response, target);
  const expected = parseDigest(selector);
  const header = parseDigestHeader(response);
  const manifest = parseManifest(response.body, headerValue(response, 'content-type'));
  const digest = computeDigest(response.body, expected ?? header);
  if (expected !== undefined && digest !== expected) throw createMismatchError();
  // On a mismatch the header's digest may not be pullable, and the computed one may not be what was pushed.
  if (header !== undefined && header !== computeDigest(response.body, header)) throw createMismatchError();
  return { kind: 'found', digest, mediaType: manifest.mediaType, manifest };
}

/**
 * @returns the image's configuration, verified against its digest
 * @throws UpstreamError, InvalidManifest
 */
export async function fetchConfig(target: Target, { document }: Manifest): Promise<Buffer> {
  const { digest } = parseDescriptor(document['config'], 'a manifest');
  const response = await target.session.send('GET', `blobs/${digest}`, MAX_CONFIG_BYTES);
  if (response.status !== 200) throw createFailure(response, target);
  if (computeDigest(response.body, digest) !== digest) throw createMismatchError();
  return response.body;
}

/** The response of Go's server and of nginx to plain http on a TLS port. */
const NEEDS_TLS = /HTTP request (?:was sent )?to (?:an )?HTTPS (?:server|port)/i;

/**
 * Some registries send no digest header, some an invalid one (a bare hash: GoogleContainerTools/kaniko#298).
 */
function parseDigestHeader(response: HttpResponse): Digest | undefined {
  return parseDigest(headerValue(response, 'docker-content-digest') ?? '');
}

function getAlgorithm(digest: Digest): string {
  return digest.slice(0, digest.indexOf(':'));
}

function createMismatchError(): InvalidManifest {
  return new InvalidManifest('has content that does not match its digest');
}

/** Every other response is a failure, including denials, which many registries use for missing images. */
function createFailure(response: HttpResponse, { session, host, reference }: Target): UpstreamError {
  const { status } = response;
  const { credential } = session.authMethod();
  if (status === 401 || status === 403)
    return denied(host, imageRepository(reference), credential, response.body);
  const message = `${host} answers ${status} for ${formatReference(reference)}`;
  const reason = extractReason(response.body, listSecrets(credential));
  if (status === 400 && response.url.protocol === 'http:' && NEEDS_TLS.test(response.body.toString('latin1')))
    return malformed(host, `${host} requires TLS, but plain http was used`, 'wants_tls');
  return reason === '' ? malformed(host, message) : malformed(host, `${message}: ${reason}`, 'policy');
}
