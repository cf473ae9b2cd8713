/**
 * Parses and formats image references. The grammar is that of distribution/reference
 * (https://github.com/distribution/reference/blob/main/reference.go). Pure.
 */
import { quote } from '../text/quote.ts';
import { parseDigest, type Digest, type ImageReference } from './image.ts';

/** The message is one line: what was found, and what is expected. */
export class InvalidReference extends Error {
  override readonly name = 'InvalidReference';
}

const DOCKER_HUB = 'docker.io';

/** The name in references, the name in Docker's configuration, and the host of the API. */
const DOCKER_HUB_HOSTS = new Set<string>([DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io']);

/** Longer than any valid reference: host 255 + port 6, path 255, tag 128, digest 135, separators. */
const MAX_REFERENCE = 800;
const MAX_HOST = 255;
const MAX_PATH = 255;

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;
const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?$/;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const IMAGE_ID = /^[a-f0-9]{64}$/;

/**
 * @param text for example `nginx`, `ghcr.io/acme/shop:sha-1a2b3c4`, `[fc00::1]:5000/x@sha256:...`
 * @returns the reference with Docker Hub's aliases folded, the host in lower case, and the tag `latest` if it
 *   has no tag and no digest
 * @throws InvalidReference
 */
export function parseReference(text: string): ImageReference {
  if (text.length > MAX_REFERENCE) {
    throw invalid(text, `is too long; expected at most ${MAX_REFERENCE} characters`);
  }
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme !== undefined) {
    throw invalid(text, `begins with ${quote(scheme)}; expected REGISTRY/PATH:TAG without a scheme`);
  }
  if (IMAGE_ID.test(text)) throw invalid(text, 'is the id of a local image; expected REGISTRY/PATH:TAG');

  const at = text.indexOf('@');
  const named = at === -1 ? text : text.slice(0, at);
  const digest = at === -1 ? undefined : checkDigest(text, text.slice(at + 1));
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const tag = colon === -1 ? undefined : checkTag(text, named.slice(colon + 1));
  const { registry, path } = splitHost(text, colon === -1 ? named : named.slice(0, colon));
  if (digest !== undefined) return { registry, path, ...(tag !== undefined && { tag }), digest };
  return { registry, path, tag: tag ?? 'latest' };
}

function splitHost(text: string, name: string): { registry: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const hasHost = slash !== -1 && isHost(first);
  const registry = hasHost ? checkHost(text, first) : DOCKER_HUB;
  const path = checkPath(text, hasHost ? name.slice(slash + 1) : name);
  const official = registry === DOCKER_HUB && !path.includes('/');
  return { registry, path: official ? `library/${path}` : path };
}

/** @returns whether the part before the first slash is a registry rather than part of a path on Docker Hub */
function isHost(first: string): boolean {
  return first === 'localhost' || /[.:A-Z]/.test(first);
}

function checkHost(text: string, host: string): string {
  const match = host.length > MAX_HOST + 6 ? null : HOST.exec(host);
  const port = Number(match?.[1] ?? 1);
  if (match === null || port < 1 || port > 65_535 || !URL.canParse(`https://${host}`)) {
    throw invalid(text, `has the registry ${quote(host)}; expected a host such as ghcr.io or localhost:5000`);
  }
  return foldRegistry(host);
}

/**
 * @param host the host as written, with its port
 * @returns the canonical name: Docker Hub's aliases folded, in lower case. A name that only its upper-case
 *   letters mark as a host keeps them; otherwise the result would parse as a path.
 */
export function foldRegistry(host: string): string {
  const lower = host.toLowerCase();
  if (DOCKER_HUB_HOSTS.has(lower)) return DOCKER_HUB;
  return isHost(lower) ? lower : host;
}

function checkPath(text: string, path: string): string {
  if (path.length > MAX_PATH) {
    throw invalid(text, `has a path that is too long; expected at most ${MAX_PATH} characters`);
  }
  const wrong = path.split('/').find((component) => !PATH_COMPONENT.test(component));
  if (wrong === undefined) return path;
  if (wrong === '') throw invalid(text, 'has an empty path component; expected REGISTRY/PATH:TAG');
  const hint = /[A-Z]/.test(wrong) ? 'lower case' : 'a to z, 0 to 9, and single separators . _ __ - inside';
  throw invalid(text, `has the path component ${quote(wrong)}; expected ${hint}`);
}

function checkTag(text: string, tag: string): string {
  if (TAG.test(tag)) return tag;
  const found = tag.length > 128 ? 'a tag that is too long' : `the tag ${quote(tag)}`;
  throw invalid(text, `has ${found}; expected 1 to 128 of A-Z a-z 0-9 _ . - and no . or - first`);
}

function checkDigest(text: string, digest: string): Digest {
  const parsed = parseDigest(digest);
  if (parsed !== undefined) return parsed;
  const found = `has the digest ${quote(digest.slice(digest.lastIndexOf('@') + 1))}`;
  throw invalid(text, `${found}; expected sha256: and 64, or sha512: and 128, of 0-9 a-f`);
}

function invalid(text: string, problem: string): InvalidReference {
  return new InvalidReference(`${quote(text)} ${problem}`);
}

/** @returns the canonical text, which parses to the same reference */
export function formatReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${imageRepository(reference)}${tag}${digest}`;
}

/** @returns registry and path, such as `ghcr.io/acme/shop` */
export function imageRepository(reference: ImageReference): string {
  return `${reference.registry}/${reference.path}`;
}

/**
 * @returns the host (and port) of the registry's API, which differs from the registry's name only for Docker
 *   Hub
 */
export function apiHost(registry: string): string {
  return registry === DOCKER_HUB ? 'registry-1.docker.io' : registry;
}
