import { fetch, type Dispatcher } from 'undici';
import type { Image } from './images.ts';

/** The registry's credentials, if it wants some. */
export type PushCredentials =
  { readonly username: string; readonly password: string } | { readonly authorization: string };

/**
 * Pushes as the distribution spec says: blobs in one POST and one PUT, children of an index before the index itself.
 * @param tls makes the connections of a registry that speaks https; left out: http
 */
export function createPusher(host: string, credentials?: PushCredentials, tls?: Dispatcher) {
  const authorization = credentials && authorizationOf(credentials);
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const base = `${tls === undefined ? 'http' : 'https'}://${host}/v2`;

  async function send(method: string, url: URL, status: number, contentType?: string, body?: Buffer) {
    const type: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
    const sent = {
      ...(body !== undefined && { body: new Uint8Array(body) }),
      ...(tls !== undefined && { dispatcher: tls }),
    };
    const response = await fetch(url, { method, headers: { ...headers, ...type }, ...sent });
    if (response.status !== status) {
      throw new Error(`${method} ${url.pathname}: ${response.status} ${await response.text()}`);
    }
    await response.body?.cancel();
    return response;
  }

  async function pushBlob(repository: string, digest: string, content: Buffer): Promise<void> {
    const start = new URL(`${base}/${repository}/blobs/uploads/`);
    const upload = new URL((await send('POST', start, 202)).headers.get('location') ?? '', start);
    upload.searchParams.set('digest', digest);
    await send('PUT', upload, 201, 'application/octet-stream', content);
  }

  /** @returns the digest of what was pushed, as computed here */
  return async function push(repository: string, tag: string, image: Image): Promise<string> {
    for (const child of image.children) await push(repository, child.digest, child);
    for (const blob of image.blobs) await pushBlob(repository, blob.digest, blob.content);
    const url = new URL(`${base}/${repository}/manifests/${tag}`);
    await send('PUT', url, 201, image.mediaType, image.content);
    return image.digest;
  };
}

function authorizationOf(credentials: PushCredentials): string {
  if ('authorization' in credentials) return credentials.authorization;
  return `Basic ${btoa(`${credentials.username}:${credentials.password}`)}`;
}
