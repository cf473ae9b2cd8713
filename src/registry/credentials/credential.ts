/** Which credential goes to which repository. Pure; the rules are those of containers-auth.json(5), with the host globs of Kubernetes. */
import { createHash } from 'node:crypto';
import { foldRegistry } from '../../image/reference.ts';
import type { ImageReference } from '../../image/image.ts';

/** What can be shown to a registry. `source` says where it comes from, for messages; it bears no secret. */
export type Credential = { readonly source: string } & (
  | {
      readonly kind: 'anonymous';
      /** What may hold a credential and is not asked, one sentence: a program that a Docker configuration names. */
      readonly ignored?: string;
    }
  | {
      readonly kind: 'basic';
      readonly username: string;
      readonly password: string;
      /** `USERNAME:PASSWORD` in base64, where these bytes are no UTF-8, which text would not keep. */
      readonly encoded?: string;
    }
  /** A refresh token, exchanged at the registry's token service. */
  | { readonly kind: 'identityToken'; readonly token: string; readonly username?: string }
  /** A bearer token that is sent as it is. */
  | { readonly kind: 'registryToken'; readonly token: string }
);

/** A credential and the key it stands under: `ghcr.io`, `ghcr.io/acme`, `*.example.com`, `https://index.docker.io/v1/`. */
export interface CredentialEntry {
  readonly key: string;
  readonly credential: Credential;
}

/** A key under which there is no usable credential. */
export interface CredentialProblem {
  readonly key: string;
  /** Why, in one sentence that bears no secret; it is told when an image is asked for that the key matches. */
  readonly problem: string;
}

/** The user name that says that the password is a refresh token (Docker's convention for `docker login`). */
const TOKEN_USERNAME = '<token>';

/** @param source for example `registries.ghcr.io in the configuration` */
export function createPasswordCredential(username: string, password: string, source: string): Credential {
  if (username === TOKEN_USERNAME) return { kind: 'identityToken', token: password, source };
  return { kind: 'basic', username, password, source };
}

/** @returns the value of an `Authorization: Basic` header, or undefined for a credential that has no such form */
export function basicAuthorization(credential: Credential): string | undefined {
  switch (credential.kind) {
    case 'basic':
      return credential.encoded === undefined
        ? encodeBasic(credential.username, credential.password)
        : `Basic ${credential.encoded}`;
    case 'identityToken':
      return encodeBasic(credential.username ?? TOKEN_USERNAME, credential.token);
    case 'registryToken':
    case 'anonymous':
      return undefined;
  }
}

function encodeBasic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** @returns what of the credential must not be repeated, in the forms in which it is sent */
export function secretsOf(credential: Credential): string[] {
  const header = basicAuthorization(credential)?.slice('Basic '.length) ?? '';
  switch (credential.kind) {
    case 'anonymous':
      return [];
    case 'basic':
      return [credential.password, header];
    case 'identityToken':
    case 'registryToken':
      return [credential.token, header];
  }
}

/** @returns a hash that differs when anything secret in the credential does: part of every key under which something is kept */
export function credentialIdentity(credential: Credential): string {
  const { source: _, ...secret } = credential;
  return createHash('sha256')
    .update(JSON.stringify(secret, Object.keys(secret).toSorted()))
    .digest('base64');
}

const KEY = /^(?:https?:\/\/)?(\[[^\]/]*\]|[^:/]*)(:[0-9]+)?(?:\/+v[12](?=\/|$))?(\/.*)?$/is;

interface CredentialKey {
  /** Without port; its labels may hold `*`. */
  readonly host: string;
  /** With the colon; empty when there is none. */
  readonly port: string;
  /** Path components, none for a key that is a whole registry. */
  readonly path: readonly string[];
}

/** @returns undefined for a key that cannot be one: it matches nothing */
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

/** @returns the registry that a key names, for example `docker.io` for `https://index.docker.io/v1/`; undefined if it names none */
export function registryOfKey(key: string): string | undefined {
  const parsed = parseKey(key);
  return parsed === undefined || parsed.host === '' ? undefined : parsed.host + parsed.port;
}

/**
 * The longest path wins, then a host that is written out before a glob, then the earlier entry. Path components match whole
 * (`team` is not `team-b`), and so does the host (`ghcr.io` is not `ghcr.io.evil`).
 * @param entries what stands under a key: a credential, or why there is none
 * @returns undefined when no entry matches
 */
export function matchCredential<Entry extends { readonly key: string }>(
  entries: readonly Entry[],
  reference: ImageReference,
): Entry | undefined {
  let best: Entry | undefined;
  let bestScore = -1;
  for (const entry of entries) {
    const score = scoreKey(entry.key, reference);
    if (score > bestScore) {
      best = entry;
      bestScore = score;
    }
  }
  return best;
}

/** @returns -1 when the key does not match */
function scoreKey(key: string, reference: ImageReference): number {
  const parsed = parseKey(key);
  if (parsed === undefined) return -1;
  const { name, port } = splitPort(reference.registry.toLowerCase());
  if (parsed.port !== port) return -1;
  const written = parsed.host === name;
  if (!written && !matchHost(parsed.host, name)) return -1;
  const components = reference.path.split('/');
  if (!parsed.path.every((component, i) => component === components[i])) return -1;
  return parsed.path.length * 2 + (written ? 1 : 0);
}

/** A `*` stands for any characters of one label: `*.example.com` is neither `example.com` nor `a.b.example.com`. */
function matchHost(glob: string, host: string): boolean {
  if (!glob.includes('*')) return false;
  const patterns = glob.split('.');
  const labels = host.split('.');
  return (
    patterns.length === labels.length && patterns.every((pattern, i) => matchLabel(pattern, labels[i] ?? ''))
  );
}

/** First and last piece are anchored, those between are found from left to right. */
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
