/** Matches credentials by the rules of containers-auth.json(5), with host globs as in Kubernetes. Pure. */
import { createHash } from 'node:crypto';
import { foldRegistry } from '../../image/reference.ts';
import type { ImageReference } from '../../image/image.ts';

/** A credential for a registry. `source` names its origin for messages and contains no secret. */
export type Credential = { readonly source: string } & (
  | {
      readonly kind: 'anonymous';
      /** One sentence about a credential helper that is not run but might have a credential. */
      readonly ignored?: string | undefined;
    }
  | {
      readonly kind: 'basic';
      readonly username: string;
      readonly password: string;
      /** `USERNAME:PASSWORD` in base64, if its bytes are not UTF-8 and would not survive as text. */
      readonly encoded?: string;
    }
  /** A refresh token, to be exchanged at the registry's token service. */
  | { readonly kind: 'identityToken'; readonly token: string; readonly username?: string }
  /** A bearer token, sent unchanged. */
  | { readonly kind: 'registryToken'; readonly token: string }
);

/** A credential and its key: `ghcr.io`, `ghcr.io/acme`, `*.example.com`, `https://index.docker.io/v1/`. */
export interface CredentialEntry {
  readonly key: string;
  readonly credential: Credential;
}

/** A key without a usable credential. */
export interface CredentialProblem {
  readonly key: string;
  /** The reason in one sentence without secrets, reported for images that the key matches. */
  readonly problem: string;
}

/** A user name that marks the password as a refresh token (convention of `docker login`). */
const TOKEN_USERNAME = '<token>';

/** @param source for example `registries.ghcr.io in the configuration` */
export function createPasswordCredential(username: string, password: string, source: string): Credential {
  if (username === TOKEN_USERNAME) return { kind: 'identityToken', token: password, source };
  return { kind: 'basic', username, password, source };
}

/** @returns the value of an `Authorization: Basic` header, or undefined if the credential has no such form */
export function basicAuthorization(credential: Credential): string | undefined {
  if (credential.kind === 'identityToken') {
    return encodeBasic(credential.username ?? TOKEN_USERNAME, credential.token);
  }
  if (credential.kind !== 'basic') return undefined;
  const { encoded, username, password } = credential;
  return encoded === undefined ? encodeBasic(username, password) : `Basic ${encoded}`;
}

function encodeBasic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** @returns the secrets of a credential, in every form in which they are sent */
export function listSecrets(credential: Credential): string[] {
  if (credential.kind === 'anonymous') return [];
  const secret = credential.kind === 'basic' ? credential.password : credential.token;
  return [secret, basicAuthorization(credential)?.slice('Basic '.length) ?? ''];
}

/** @returns a hash of everything but `source`, for cache keys */
export function credentialIdentity(credential: Credential): string {
  const { source: _, ...secret } = credential;
  return createHash('sha256')
    .update(JSON.stringify(secret, Object.keys(secret).toSorted()))
    .digest('base64');
}

const KEY = /^(?:https?:\/\/)?(\[[^\]/]*\]|[^:/]*)(:[0-9]+)?(?:\/+v[12](?=\/|$))?(\/.*)?$/is;

interface CredentialKey {
  /** Without the port; labels may contain `*`. */
  readonly host: string;
  /** With the colon; may be empty. */
  readonly port: string;
  /** Path components; empty for a whole registry. */
  readonly path: readonly string[];
}

/** @returns undefined for an invalid key, which matches nothing */
function parseKey(key: string): CredentialKey | undefined {
  const match = KEY.exec(key);
  if (match === null) return undefined;
  const host = foldRegistry((match[1] ?? '') + (match[2] ?? '')).toLowerCase();
  const { name, port } = splitPort(host);
  return { host: name, port, path: (match[3] ?? '').split('/').filter((component) => component !== '') };
}

function splitPort(registry: string): { name: string; port: string } {
  const port = /:[0-9]+$/.exec(registry)?.[0] ?? '';
  return { name: registry.slice(0, registry.length - port.length), port };
}

/**
 * @returns the registry of a key: `docker.io` for `https://index.docker.io/v1/`; undefined if it names none
 */
export function parseKeyRegistry(key: string): string | undefined {
  const parsed = parseKey(key);
  return parsed === undefined || parsed.host === '' ? undefined : parsed.host + parsed.port;
}

/**
 * The longest path wins, then a literal host over a glob, then the earlier entry. Path components and hosts
 * match as a whole: `team` does not match `team-b`, nor `ghcr.io` `ghcr.io.evil`.
 * @returns undefined if no entry matches
 */
export function matchCredential<Entry extends { readonly key: string }>(
  entries: readonly Entry[],
  reference: ImageReference,
): Entry | undefined {
  let best: Entry | undefined;
  let bestScore = -1;
  for (const entry of entries) {
    const score = scoreKey(entry.key, reference);
    if (score > bestScore) [best, bestScore] = [entry, score];
  }
  return best;
}

/** @returns -1 if the key does not match */
function scoreKey(key: string, reference: ImageReference): number {
  const parsed = parseKey(key);
  if (parsed === undefined) return -1;
  const { name, port } = splitPort(reference.registry.toLowerCase());
  if (parsed.port !== port) return -1;
  const isLiteral = parsed.host === name;
  if (!isLiteral && !matchHost(parsed.host, name)) return -1;
  const components = reference.path.split('/');
  if (!parsed.path.every((component, i) => component === components[i])) return -1;
  return parsed.path.length * 2 + (isLiteral ? 1 : 0);
}

/** `*` matches within one label: `*.a.com` matches neither `a.com` nor `c.b.a.com`. */
function matchHost(glob: string, host: string): boolean {
  if (!glob.includes('*')) return false;
  const patterns = glob.split('.');
  const labels = host.split('.');
  return (
    patterns.length === labels.length && patterns.every((pattern, i) => matchLabel(pattern, labels[i] ?? ''))
  );
}

/** Anchors the first and the last piece and searches for the others from left to right. */
function matchLabel(pattern: string, label: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === label;
  if (label.length < first.length + last.length || !label.startsWith(first) || !label.endsWith(last))
    return false;
  const end = label.length - last.length;
  let from = first.length;
  for (const piece of rest) {
    const found = label.indexOf(piece, from);
    if (found === -1 || found + piece.length > end) return false;
    from = found + piece.length;
  }
  return true;
}
